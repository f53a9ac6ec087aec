{{/* What selects the pods; never changes. */}}
{{- define "exporter.selector" -}}
app.kubernetes.io/name: sa-token-exporter
{{- end }}
{{/* What every object carries. */}}
{{- define "exporter.labels" -}}
{{ include "exporter.selector" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
{{/* Whether not everybody is answered who reaches the port: then probes have one of their own. */}}
{{- define "exporter.isGuarded" -}}
{{ if or .Values.web.kubernetesAuth .Values.web.configSecrets }}true{{ end }}
{{- end }}
{{/* Whether the API server is asked, about tokens or about who asks. */}}
{{- define "exporter.isAsking" -}}
{{ if or .Values.cluster.enabled .Values.web.kubernetesAuth }}true{{ end }}
{{- end }}
{{/* An option as a variable of the environment: a list of its name and its value. */}}
{{- define "exporter.option" -}}
- name: SATOKEN_{{ first . | replace "." "_" | replace "-" "_" | upper }}
  value: {{ last . | toString | quote }}
{{- end }}
{{/* The accounts that scrape, as subjects of a binding. */}}
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
