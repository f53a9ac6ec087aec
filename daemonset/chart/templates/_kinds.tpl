{{/* Values of the wrong kind or form, by files/schema.json: Helm's own messages do not say what to write instead. */}}
{{- define "sa-token-exporter.kindOf" -}}
{{- if kindIs "map" . }}object{{ else if kindIs "slice" . }}array{{ else if kindIs "bool" . }}boolean{{ else if kindIs "invalid" . }}null
{{- else if kindIs "string" . }}string{{ else if eq (float64 .) (floor .) }}integer{{ else }}number{{ end }}
{{- end }}
{{/* What to write instead. Takes a dict: value, kind, types, schema, path, hints. */}}
{{- define "sa-token-exporter.advice" -}}
{{- $hint := get .hints.kinds (regexReplaceAll "\\[[0-9]+\\]" .path "[]") }}
{{- $text := toString .value }}
{{- if $hint }}
{{- $hint }}
{{- else if eq .kind "null" }}remove the empty item
{{- else if and (eq .kind "boolean") (hasKey (get .schema "properties" | default dict) "enabled") }}write {{ .path }}: {enabled: {{ .value }}}
{{- else if and (has "boolean" .types) (eq .kind "object") (hasKey .value "enabled") }}write {{ .path }}: {{ .value.enabled }}
{{- else if and (has "boolean" .types) (has (lower $text) (list "true" "yes" "on" "1")) }}write true, without quotes
{{- else if and (has "boolean" .types) (has (lower $text) (list "false" "no" "off" "0")) }}write false, without quotes
{{- else if has "boolean" .types }}write true or false
{{- else if and (has "string" .types) (has .kind (list "boolean" "integer" "number")) }}write {{ quote $text }}, with quotes
{{- else if and (has "integer" .types) (eq .kind "string") (regexMatch "^[0-9]+$" $text) }}write {{ $text }}, without quotes
{{- else if has "integer" .types }}write a whole number
{{- else if and (has "array" .types) (eq .kind "string") }}write a list: [{{ $text }}]
{{- else if has "array" .types }}write a list; each item starts with a dash
{{- else if and (has "object" .types) (get .schema "properties") }}write it with keys: {{ keys .schema.properties | sortAlpha | join ", " }}
{{- else if has "object" .types }}write it with keys and values: {key: value}
{{- else }}write a string
{{- end }}
{{- end }}
{{/* One line for each value of a wrong kind, and for each key that does not exist below it. Takes a dict: value, schema, path, defs, hints. */}}
{{- define "sa-token-exporter.kindRefusals" -}}
{{- $kind := include "sa-token-exporter.kindOf" .value }}
{{- $schema := .schema }}
{{- with get $schema "$ref" }}
{{- $schema = get $.defs (base .) }}
{{- end }}
{{- $types := list (get $schema "type") | uniq }}
{{- if kindIs "slice" (get $schema "type") }}
{{- $types = get $schema "type" }}
{{- end }}
{{- range get $schema "anyOf" | default list }}
{{- $types = append $types .type }}
{{- if eq .type $kind }}
{{- $schema = . }}
{{- end }}
{{- end }}
{{- $types = without $types "" }}
{{- if and $types (not (has $kind $types)) (not (and (eq $kind "integer") (has "number" $types))) }}
{{ .path }}: got {{ $kind }}, want {{ join " or " (without $types "null") }}; {{ include "sa-token-exporter.advice" (dict "value" .value "kind" $kind "types" $types "schema" $schema "path" .path "hints" .hints) }}
{{- else if and (hasKey $schema "enum") (not (has .value $schema.enum)) }}
{{ .path }}: got {{ toJson .value }}; write one of {{ join ", " $schema.enum }}
{{- else if eq $kind "string" }}
{{- if not (regexMatch (get $schema "pattern") .value) }}
{{ .path }}: got {{ quote .value }}; write {{ get .hints.patterns $schema.pattern }}
{{- else if and (get $schema "minLength") (eq .value "") }}
{{ .path }}: is empty; write a name
{{- end }}
{{- else if and (eq $kind "array") (get $schema "minItems") (empty .value) }}
{{ .path }}: is empty; write at least one item
{{- else if eq $kind "array" }}
{{- range $index, $item := .value }}
{{- include "sa-token-exporter.kindRefusals" (dict "value" $item "schema" (get $schema "items" | default dict) "path" (printf "%s[%d]" $.path $index) "defs" $.defs "hints" $.hints) }}
{{- end }}
{{- else if eq $kind "object" }}
{{- $known := get $schema "properties" | default dict }}
{{- $others := get $schema "additionalProperties" }}
{{- $prefix := ternary "" (printf "%s." .path) (eq .path "") }}
{{- range get $schema "required" | default list }}
{{- if or (not (hasKey $.value .)) (kindIs "invalid" (get $.value .)) }}
{{ $prefix }}{{ . }}: missing; {{ get $.hints.kinds (regexReplaceAll "\\[[0-9]+\\]" $.path "[]") | default "write it" }}
{{- end }}
{{- end }}
{{- with get $schema "oneOf" }}
{{- $given := list }}
{{- range . }}
{{- if hasKey $.value (first .required) }}
{{- $given = append $given (first .required) }}
{{- end }}
{{- end }}
{{- if ne (len $given) 1 }}
{{ $.path }}: write either alert or record, with expr, as in the rules of a group
{{- end }}
{{- end }}
{{- range $key, $value := .value }}
{{- if and (kindIs "bool" $others) (not (hasKey $known $key)) }}
{{ $prefix }}{{ $key }}: unknown key; {{ get $.hints.values (printf "%s%s" $prefix $key) | default (printf "write one of %s" (keys $known | sortAlpha | join ", ")) }}
{{- else if not (kindIs "invalid" $value) }}
{{- $below := get $known $key | default (ternary $others dict (kindIs "map" $others)) }}
{{- include "sa-token-exporter.kindRefusals" (dict "value" $value "schema" $below "path" (printf "%s%s" $prefix $key) "defs" $.defs "hints" $.hints) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{/* "true" if the chart is enabled, once every value has been checked. All other templates ask for it first. */}}
{{- define "sa-token-exporter.isEnabled" -}}
{{- if ne (toJson .Values.enabled) "false" }}
{{- /* All templates of the chart share .Values, so that the first one checks for all. */}}
{{- if not (hasKey .Values "isChecked") }}
{{- include "sa-token-exporter.refusals" . }}
{{- include "sa-token-exporter.contradictions" . }}
{{- $_ := set .Values "isChecked" true }}
{{- end }}
{{- print "true" }}
{{- end }}
{{- end }}
