{{/* A regular expression for the job of the exporter; empty if its label is not known. */}}
{{- define "sa-token-exporter.job" -}}
{{- $monitor := ternary .Values.serviceMonitor .Values.podMonitor .Values.serviceMonitor.enabled }}
{{- $labels := merge (include "sa-token-exporter.labels" . | fromYaml) (ternary .Values.service.labels .Values.podLabels .Values.serviceMonitor.enabled) .Values.commonLabels }}
{{- if .Values.prometheusRule.job }}
{{- .Values.prometheusRule.job }}
{{- else if not $monitor.jobLabel }}
{{- printf "(.*/)?%s" (include "sa-token-exporter.fullname" .) }}
{{- else if get $labels $monitor.jobLabel }}
{{- printf "(.*/)?%s" (get $labels $monitor.jobLabel) }}
{{- end }}
{{- end }}
{{/* A regular expression for the name of the DaemonSet: that of the rules, unless the values give it another name. */}}
{{- define "sa-token-exporter.daemonSetPattern" -}}
{{- $name := include "sa-token-exporter.fullname" . }}
{{- ternary ".*sa-token-exporter.*" $name (contains "sa-token-exporter" $name) }}
{{- end }}
{{/* The same rules in groups for rulers that limit their size, as a list. Takes a dict: root, groups. */}}
{{- define "sa-token-exporter.smallGroups" -}}
{{- $rules := dict }}
{{- range .groups }}
{{- range .rules }}
{{- if .alert }}
{{- $_ := set $rules (printf "%s %s" .alert .labels.severity) . }}
{{- else }}
{{- $_ := set $rules .record . }}
{{- end }}
{{- end }}
{{- end }}
{{- $groups := list }}
{{- range (.root.Files.Get "files/small-groups.yaml" | fromYaml).groups }}
{{- $own := list }}
{{- range .rules }}
{{- $own = append $own (get $rules .) }}
{{- end }}
{{- $groups = append $groups (dict "name" .name "rules" $own) }}
{{- end }}
{{- toYaml $groups }}
{{- end }}
{{/* An alert with the changes of the values; empty if it is disabled. Takes a dict: root, rule. */}}
{{- define "sa-token-exporter.alert" -}}
{{- $values := .root.Values.prometheusRule }}
{{- $all := get $values.alerts .rule.alert | default dict }}
{{- $change := merge (deepCopy (get $all .rule.labels.severity | default dict)) (omit $all "critical" "warning") }}
{{- if not (and (hasKey $change "enabled") (not $change.enabled)) }}
{{- $labels := merge (dict) (dict "severity" ($change.severity | default .rule.labels.severity)) ($change.labels | default dict) $values.alertLabels .rule.labels }}
{{- $annotations := merge (dict) ($change.annotations | default dict) .rule.annotations }}
{{- with $values.grafanaUrl }}
{{- $_ := set $annotations "dashboard_url" ($annotations.dashboard_url | replace "/d/satoken-" (printf "%s/d/satoken-" .)) }}
{{- end }}
{{- with $values.runbookUrl }}
{{- $_ := set $annotations "runbook_url" (printf "%s/%s" . (base $annotations.runbook_url)) }}
{{- end }}
{{- /* The command, unless a query finds the pod of the exporter. */}}
{{- $exporter := printf "-n %s EXPORTER" (include "sa-token-exporter.namespace" .root) }}
{{- $_ := set $annotations "description" (replace "-n sa-token-exporter EXPORTER" $exporter $annotations.description) }}
{{- $rule := merge (dict "labels" $labels "annotations" $annotations) .rule }}
{{- with $change.for }}
{{- $_ := set $rule "for" . }}
{{- end }}
{{- $expr := replace "(.*/)?sa-token-exporter" (include "sa-token-exporter.job" .root) $rule.expr }}
{{- $_ := set $rule "expr" (replace ".*sa-token-exporter.*" (include "sa-token-exporter.daemonSetPattern" .root) $expr) }}
{{- toYaml (list $rule) }}
{{- end }}
{{- end }}
