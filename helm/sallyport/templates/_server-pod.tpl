{{- /* The pod of the server, the same for both databases but for where its data lies. */}}

{{- define "sallyport.serverPod" -}}
metadata:
  labels:
    {{- include "sallyport.labels" . | nindent 4 }}
    app.kubernetes.io/component: server
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    {{- with mergeOverwrite (deepCopy .Values.commonAnnotations) .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    checksum/config: {{ include "sallyport.checksum" . }}
    kubectl.kubernetes.io/default-container: server
spec:
  serviceAccountName: {{ include "sallyport.serviceAccountName" . }}
  automountServiceAccountToken: {{ .Values.serviceAccount.automountToken }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "sallyport.graceSeconds" . }}
  {{- include "sallyport.podSecurity" . | nindent 2 }}
  {{- include "sallyport.pull" . | nindent 2 }}
  {{- include "sallyport.placement" . | nindent 2 }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if gt (int .Values.replicas) 1 }}
  topologySpreadConstraints:
    {{- include "sallyport.spread" . | nindent 4 }}
  {{- end }}
  initContainers:
    # A mounted Secret is never its reader's alone; the server wants its keys so. Copies live in memory only.
    - name: keys
      {{- include "sallyport.containerImage" . | nindent 6 }}
      command: [node, /opt/sallyport/server/cluster-keys.ts, place]
      args: [--from, /etc/sallyport/keys-secret, --keys, /run/sallyport/keys, --gateway, /run/sallyport/gateway]
      {{- include "sallyport.containerSecurity" . | nindent 6 }}
      resources:
        {{- toYaml .Values.jobs.resources | nindent 8 }}
      volumeMounts:
        - name: keys-secret
          mountPath: /etc/sallyport/keys-secret
          readOnly: true
        - name: keys
          mountPath: /run/sallyport/keys
        - name: gateway
          mountPath: /run/sallyport/gateway
        - name: tmp
          mountPath: /tmp
  containers:
    - name: server
      {{- include "sallyport.containerImage" . | nindent 6 }}
      args: [all]
      {{- include "sallyport.containerSecurity" . | nindent 6 }}
      env:
        {{- include "sallyport.env" . | nindent 8 }}
      ports:
        - name: api
          containerPort: {{ include "sallyport.apiPort" . }}
        - name: gateway
          containerPort: {{ include "sallyport.gatewayPort" . }}
      {{- range $kind, $probe := .Values.probes }}
      {{ $kind }}Probe:
        httpGet:
          path: {{ get (dict "startup" "/startupz" "liveness" "/livez" "readiness" "/readyz") $kind }}
          port: api
        {{- toYaml $probe | nindent 8 }}
      {{- end }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        {{- include "sallyport.mounts" (dict "top" . "owner" false) | nindent 8 }}
        - name: data
          mountPath: /var/lib/sallyport
        - name: keys
          mountPath: /run/sallyport/keys
          readOnly: true
        - name: gateway
          mountPath: /var/lib/sallyport/gateway
        {{- if .Values.gateway.tlsSecret }}
        - name: gateway-tls
          mountPath: /etc/sallyport/gateway-tls
          readOnly: true
        {{- end }}
  volumes:
    {{- include "sallyport.volumes" (dict "top" . "config" (include "sallyport.fullname" .) "owner" false) | nindent 4 }}
    - name: data
      {{- if eq (include "sallyport.databaseKind" .) "sqlite" }}
      persistentVolumeClaim:
        claimName: {{ include "sallyport.claim" . }}
      {{- else }}
      emptyDir:
        sizeLimit: 1Gi
      {{- end }}
    - name: keys-secret
      secret:
        secretName: {{ include "sallyport.keysSecret" . }}
        defaultMode: 0440
        optional: false
    - name: keys
      emptyDir:
        medium: Memory
        sizeLimit: 1Mi
    - name: gateway
      emptyDir:
        medium: Memory
        sizeLimit: 1Mi
    {{- with .Values.gateway.tlsSecret }}
    - name: gateway-tls
      secret:
        secretName: {{ . }}
        defaultMode: 0440
        optional: false
    {{- end }}
{{- end -}}

{{- /* A stopping server drains three times, one after the other: requests, terminals, messages. */}}
{{- define "sallyport.graceSeconds" -}}
{{- $drainMs := dig "http" "drain_ms" 20000 .Values.config | int -}}
{{- default (add 10 (div (mul 3 $drainMs) 1000)) .Values.terminationGracePeriodSeconds | int -}}
{{- end -}}

{{- define "sallyport.spread" -}}
{{- $selector := dict "matchLabels" (mergeOverwrite (include "sallyport.selector" . | fromYaml) (dict "app.kubernetes.io/component" "server")) -}}
{{- $soft := dict "maxSkew" 1 "whenUnsatisfiable" "ScheduleAnyway" -}}
{{- $zones := mergeOverwrite (dict "topologyKey" "topology.kubernetes.io/zone") $soft -}}
{{- $nodes := mergeOverwrite (dict "topologyKey" "kubernetes.io/hostname") $soft -}}
{{- $constraints := list -}}
{{- range default (list $zones $nodes) .Values.topologySpreadConstraints -}}
{{- $constraints = append $constraints (merge (deepCopy .) (dict "labelSelector" $selector)) -}}
{{- end -}}
{{- toYaml $constraints -}}
{{- end -}}
