{{- /* Rules for the way out, shared by the server and the jobs. */}}

{{- define "sallyport.egressDns" -}}
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
{{- end -}}

{{- define "sallyport.egressDatabase" -}}
{{- if eq (include "sallyport.databaseKind" .) "postgres" }}
- ports:
    - port: {{ dig "database" "postgres" "port" 5432 .Values.config | int }}
      protocol: TCP
  {{- with .Values.networkPolicy.databaseTo }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}

{{- /* Ports of the enabled providers, or of the proxy that stands for them; a JSON list. */}}
{{- define "sallyport.providerPorts" -}}
{{- $urls := list -}}
{{- range $name, $provider := default dict .Values.config.providers -}}
{{- if $provider.enabled -}}
{{- $urls = append $urls (default "https://provider" $provider.base_url) -}}
{{- end -}}
{{- end -}}
{{- $proxy := dig "outside" "proxy_url" "" .Values.config -}}
{{- if and $proxy $urls -}}{{- $urls = list $proxy -}}{{- end -}}
{{- $ports := list -}}
{{- range $urls -}}
{{- $url := urlParse . -}}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) -}}
{{- $ports = append $ports (int (default (ternary "443" "80" (eq $url.scheme "https")) $port)) -}}
{{- end -}}
{{- uniq $ports | toJson -}}
{{- end -}}
