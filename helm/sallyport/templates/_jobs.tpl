{{- /* What the jobs of an install and an upgrade share. They are hooks: helm waits for each and leaves the old
release as it is when one fails. Their objects are gone when they have succeeded. */}}

{{- /* (list $ weight) */}}
{{- define "sallyport.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ index . 1 | quote }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{- /* (dict "top" $ "component" name "token" bool): spec of the Job up to its containers. */}}
{{- define "sallyport.jobHead" -}}
backoffLimit: {{ .top.Values.jobs.retries }}
activeDeadlineSeconds: {{ .top.Values.jobs.deadlineSeconds }}
template:
  metadata:
    labels:
      {{- include "sallyport.labels" .top | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
  spec:
    restartPolicy: Never
    serviceAccountName: {{ include "sallyport.fullname" .top }}-jobs
    automountServiceAccountToken: {{ .token }}
    enableServiceLinks: false
    {{- include "sallyport.podSecurity" .top | nindent 4 }}
    {{- include "sallyport.pull" .top | nindent 4 }}
    {{- include "sallyport.placement" .top | nindent 4 }}
{{- end -}}

{{- define "sallyport.hasJobs" -}}
{{- if or (not .Values.keys.existingSecret) (eq (include "sallyport.databaseKind" .) "postgres") -}}yes{{- end -}}
{{- end -}}
