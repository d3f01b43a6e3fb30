{{/* Up at once, since a crowd comes in seconds; down slowly, since it comes back. */}}
{{- define "yourticket.scaling" -}}
scaleUp:
  stabilizationWindowSeconds: 0
  policies:
    - {type: Percent, value: 100, periodSeconds: 15}
    - {type: Pods, value: 4, periodSeconds: 15}
  selectPolicy: Max
scaleDown:
  stabilizationWindowSeconds: 300
  policies:
    - {type: Percent, value: 20, periodSeconds: 60}
{{- end }}

{{/* Triggers that hold pods ready while a sale opens: (root, kind,
     name). */}}
{{- define "yourticket.onSales" -}}
{{- range $sale := .root.Values.onSales }}
{{- with index (index $sale $.kind | default dict) $.name }}
- type: cron
  name: {{ $sale.name }}
  metadata:
    timezone: {{ $sale.timezone }}
    start: {{ $sale.start | quote }}
    end: {{ $sale.end | quote }}
    desiredReplicas: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* A name in onSales that no deployment has would silently scale nothing. */}}
{{- define "yourticket.checkOnSales" -}}
{{- if and .Values.onSales (not (and .Values.keda.enabled .Values.autoscaling.enabled)) }}
{{- fail "onSales needs keda.enabled and autoscaling.enabled: without KEDA nothing scales at a time" }}
{{- end }}
{{- range $kind := list "services" "fleets" }}
{{- $known := include (printf "yourticket.%s" $kind) $ | fromYaml | keys | sortAlpha }}
{{- range $sale := $.Values.onSales }}
{{- range $name, $_ := index $sale $kind }}
{{- if not (has $name $known) }}{{ fail (printf "onSales %s: %s has no %s; it has %s" $sale.name $kind $name (join ", " $known)) }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
