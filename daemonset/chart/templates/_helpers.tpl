{{/* The pod selector, which is immutable. */}}
{{- define "exporter.selector" -}}
app.kubernetes.io/name: sa-token-exporter
{{- end }}
{{/* The labels of every object. */}}
{{- define "exporter.labels" -}}
{{ include "exporter.selector" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
{{/* Whether the metrics port requires authentication. Probes then use a separate port. */}}
{{- define "exporter.hasAuthentication" -}}
{{ if or .Values.web.kubernetesAuth .Values.web.configSecrets }}true{{ end }}
{{- end }}
{{/* Whether the exporter uses the API server, for tokens or for authentication. */}}
{{- define "exporter.usesApiServer" -}}
{{ if or .Values.cluster.enabled .Values.web.kubernetesAuth }}true{{ end }}
{{- end }}
{{/* An option as an environment variable. Takes a list: name, value. */}}
{{- define "exporter.option" -}}
- name: SATOKEN_{{ first . | replace "." "_" | replace "-" "_" | upper }}
  value: {{ last . | toString | quote }}
{{- end }}
{{/* The service accounts of Prometheus, as subjects of a binding. */}}
{{- define "exporter.scrapers" -}}
{{- range .Values.scrapers }}
- kind: ServiceAccount
  name: {{ quote .serviceAccount }}
  namespace: {{ quote .namespace }}
{{- end }}
{{- end }}
{{- define "exporter.metricsPath" -}}
{{ get .Values.options "web.telemetry-path" | default "/metrics" }}
{{- end }}
{{- define "exporter.image" -}}
{{ .Values.image.repository }}{{ with .Values.image.digest }}@{{ . }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}
