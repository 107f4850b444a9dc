{{- /* The server's configuration: what the chart decides, under what `config` says, under where secrets lie. */}}

{{- define "sallyport.databaseKind" -}}
{{- dig "database" "kind" "sqlite" .Values.config -}}
{{- end -}}

{{- define "sallyport.apiPort" -}}
{{- dig "http" "port" 8080 .Values.config | int -}}
{{- end -}}

{{- define "sallyport.gatewayPort" -}}
{{- dig "gateway" "port" 8443 .Values.config | int -}}
{{- end -}}

{{- define "sallyport.profile" -}}
{{- $isPostgres := eq (include "sallyport.databaseKind" .) "postgres" -}}
{{- dig "profile" (ternary "cluster" "single" $isPostgres) .Values.config -}}
{{- end -}}

{{- /* (dict "top" $ "owner" bool): server.yaml as YAML; the owner's password is for migrations alone. */}}
{{- define "sallyport.config" -}}
{{- $top := .top -}}
{{- include "sallyport.refusals" $top -}}
{{- $owned := dict "data_dir" "/var/lib/sallyport" -}}
{{- $_ := set $owned "keys" (dict "file" (dict "path" "/run/sallyport/keys/keys.json")) -}}
{{- $_ := set $owned "bootstrap" (dict "api_key_file" "/run/sallyport/keys/bootstrap-api-key") -}}
{{- if $top.Values.gateway.tlsSecret -}}
{{- $tls := dict "cert_file" "/etc/sallyport/gateway-tls/tls.crt" "key_file" "/etc/sallyport/gateway-tls/tls.key" -}}
{{- $_ := set $owned "gateway" (dict "tls" $tls) -}}
{{- end -}}
{{- $defaults := dict "profile" (include "sallyport.profile" $top) -}}
{{- $_ := set $defaults "http" (dict "host" "0.0.0.0") -}}
{{- $_ := set $defaults "gateway" (dict "host" "0.0.0.0") -}}
{{- $config := mergeOverwrite $defaults (deepCopy $top.Values.config) $owned -}}
{{- range $secret, $settings := include "sallyport.secretFiles" . | fromYaml -}}
{{- range $path, $_ := $settings -}}
{{- include "sallyport.set" (list $config $path (dict "file" (printf "/etc/sallyport/secrets/%s/%s" $secret $path))) -}}
{{- end -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{- /* (dict "top" $ "owner" bool): Secret → setting → key, as YAML. */}}
{{- define "sallyport.secretFiles" -}}
{{- $files := dict -}}
{{- range $path, $from := .top.Values.secrets.settings -}}
{{- if or $.owner (ne $path "database.postgres.owner_password") -}}
{{- $secret := default $.top.Values.secrets.existingSecret $from.secret -}}
{{- $settings := default dict (get $files $secret) -}}
{{- $_ := set $settings $path (default $path $from.key) -}}
{{- $_ := set $files $secret $settings -}}
{{- end -}}
{{- end -}}
{{- toYaml $files -}}
{{- end -}}

{{- /* Sets (list tree "a.b.c" value) in place. */}}
{{- define "sallyport.set" -}}
{{- $names := splitList "." (index . 1) -}}
{{- $tree := index . 0 -}}
{{- range initial $names -}}
{{- if not (hasKey $tree .) -}}{{- $_ := set $tree . dict -}}{{- end -}}
{{- $tree = index $tree . -}}
{{- end -}}
{{- $_ := set $tree (last $names) (index . 2) -}}
{{- end -}}

{{- /* The value at (list tree "a.b.c") as JSON; empty where there is none. */}}
{{- define "sallyport.get" -}}
{{- $tree := index . 0 -}}
{{- $found := true -}}
{{- range splitList "." (index . 1) -}}
{{- if and $found (kindIs "map" $tree) (hasKey $tree .) -}}
{{- $tree = index $tree . -}}
{{- else -}}
{{- $found = false -}}
{{- end -}}
{{- end -}}
{{- if $found -}}{{- toJson $tree -}}{{- end -}}
{{- end -}}

{{- /* What cannot work, with the reason. */}}
{{- define "sallyport.refusals" -}}
{{- /* Here and not in Chart.yaml: a cluster built from source names no version, and is taken at its word. */}}
{{- $cluster := .Capabilities.KubeVersion.Version -}}
{{- if and (regexMatch "^v1[.]" $cluster) (semverCompare "<1.27.0-0" $cluster) -}}
{{- fail (printf "expected Kubernetes 1.27 or later, found %s" $cluster) -}}
{{- end -}}
{{- $known := .Files.Get "files/settings.yaml" | fromYaml -}}
{{- $config := .Values.config -}}
{{- range $known.secret -}}
{{- if include "sallyport.get" (list $config .) -}}
{{- fail (printf "config.%s: expected no secret here, because config is stored in the clear; name its Secret in secrets.settings.%s" . .) -}}
{{- end -}}
{{- end -}}
{{- range $path, $instead := $known.owned -}}
{{- if include "sallyport.get" (list $config $path) -}}
{{- fail (printf "config.%s: expected nothing, because the chart decides it; use %s" $path $instead) -}}
{{- end -}}
{{- end -}}
{{- $kind := include "sallyport.databaseKind" . -}}
{{- if and (eq $kind "sqlite") (gt (int .Values.replicas) 1) -}}
{{- fail (printf "replicas: expected 1 with config.database.kind sqlite, found %d. SQLite is one file that one process writes; several replicas need config.database.kind postgres." (int .Values.replicas)) -}}
{{- end -}}
{{- if eq $kind "postgres" -}}
{{- range list "owner_password" "app_password" "engine_password" -}}
{{- if not (hasKey $.Values.secrets.settings (printf "database.postgres.%s" .)) -}}
{{- fail (printf "secrets.settings: expected database.postgres.%s, because config.database.kind is postgres; found nothing" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $path, $from := .Values.secrets.settings -}}
{{- if not (or $from.secret $.Values.secrets.existingSecret) -}}
{{- fail (printf "secrets.settings.%s: expected `secret`, or secrets.existingSecret for all; found neither" $path) -}}
{{- end -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- if hasPrefix "SALLYPORT_" .name -}}
{{- fail (printf "extraEnv: expected no variable of the server, found %s, which would overrule what the chart wrote; use config: (secrets: secrets.settings)" .name) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.caBundle.configMap .Values.caBundle.secret -}}
{{- fail "caBundle: expected configMap or secret, found both" -}}
{{- end -}}
{{- range list (dict "path" "config.http.port" "port" (include "sallyport.apiPort" .)) (dict "path" "config.gateway.port" "port" (include "sallyport.gatewayPort" .)) -}}
{{- if lt (int .port) 1024 -}}
{{- fail (printf "%s: expected a port from 1024, because the server runs without privileges; found %s" .path .port) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Of the settings a running server does not take over by itself: a change of the others rolls no pod. */}}
{{- define "sallyport.checksum" -}}
{{- $known := .Files.Get "files/settings.yaml" | fromYaml -}}
{{- $config := include "sallyport.config" (dict "top" . "owner" false) | fromYaml -}}
{{- range $known.live -}}
{{- include "sallyport.set" (list $config . "live") -}}
{{- end -}}
{{- toJson $config | sha256sum | trunc 40 -}}
{{- end -}}
