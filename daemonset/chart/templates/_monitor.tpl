{{/* Whether the values of a monitor configure the credentials of Prometheus. */}}
{{- define "exporter.hasCredentials" -}}
{{ if or .scrapeClass .endpoint.authorization .endpoint.oauth2 }}true{{ end }}
{{- end }}
{{/* The labels of both kinds of monitors. */}}
{{- define "exporter.monitorLabels" -}}
{{ include "exporter.labels" .root }}
{{- with .monitor.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{/* The endpoint of both kinds of monitors. Labels are honored because namespace and pod of a series are those of the token. */}}
{{- define "exporter.endpoint" -}}
port: metrics
{{- $path := include "exporter.metricsPath" .root }}
{{- if ne $path "/metrics" }}
path: {{ quote $path }}
{{- end }}
honorLabels: true
{{- with .monitor.interval }}
interval: {{ . }}
{{- end }}
{{- with .monitor.endpoint }}
{{ toYaml . }}
{{- end }}
relabelings:
  - sourceLabels: [__meta_kubernetes_pod_node_name]
    targetLabel: node
{{- end }}
