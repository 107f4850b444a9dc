{{- /* Parts of every pod: who it is, what it may, what it mounts. */}}

{{- define "sallyport.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  {{- with .Values.security.runAsUser }}
  runAsUser: {{ int . }}
  {{- end }}
  {{- with .Values.security.runAsGroup }}
  runAsGroup: {{ int . }}
  {{- end }}
  {{- with .Values.security.fsGroup }}
  fsGroup: {{ int . }}
  {{- end }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- define "sallyport.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{- define "sallyport.pull" -}}
{{- with concat .Values.global.imagePullSecrets .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "sallyport.containerImage" -}}
image: {{ include "sallyport.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end -}}

{{- /* Where the pods may run; the jobs follow the server. */}}
{{- define "sallyport.placement" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "sallyport.env" -}}
- name: SALLYPORT_CONFIG
  value: /etc/sallyport/config/server.yaml
{{- if or .Values.caBundle.configMap .Values.caBundle.secret }}
- name: NODE_EXTRA_CA_CERTS
  value: /etc/sallyport/ca/{{ .Values.caBundle.key }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* (dict "top" $ "owner" bool) */}}
{{- define "sallyport.mounts" -}}
{{- $top := .top -}}
- name: config
  mountPath: /etc/sallyport/config
  readOnly: true
{{- range $index, $secret := include "sallyport.secretFiles" . | fromYaml | keys | sortAlpha }}
- name: secret-{{ $index }}
  mountPath: /etc/sallyport/secrets/{{ $secret }}
  readOnly: true
{{- end }}
{{- if or $top.Values.caBundle.configMap $top.Values.caBundle.secret }}
- name: ca
  mountPath: /etc/sallyport/ca
  readOnly: true
{{- end }}
- name: tmp
  mountPath: /tmp
{{- with $top.Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* (dict "top" $ "config" name "owner" bool) */}}
{{- define "sallyport.volumes" -}}
{{- $top := .top -}}
- name: config
  configMap:
    name: {{ .config }}
{{- $files := include "sallyport.secretFiles" . | fromYaml }}
{{- range $index, $secret := keys $files | sortAlpha }}
- name: secret-{{ $index }}
  secret:
    secretName: {{ $secret }}
    defaultMode: 0440
    optional: false
    items:
      {{- range $path, $key := get $files $secret }}
      - key: {{ $key }}
        path: {{ $path }}
      {{- end }}
{{- end }}
{{- with $top.Values.caBundle.configMap }}
- name: ca
  configMap:
    name: {{ . }}
{{- end }}
{{- with $top.Values.caBundle.secret }}
- name: ca
  secret:
    secretName: {{ . }}
    defaultMode: 0440
    optional: false
{{- end }}
- name: tmp
  emptyDir:
    medium: Memory
    sizeLimit: 64Mi
{{- with $top.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
