# Alarms about what is not ours to measure, and about money. Everything else is
# Prometheus's (deploy/observability/prometheus).
resource "aws_sns_topic" "alarms" {
  name              = "${var.name}-alarms"
  kms_master_key_id = var.data_key
}

data "aws_iam_policy_document" "alarms" {
  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "budgets.amazonaws.com", "costalerts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account]
    }
  }
}

resource "aws_sns_topic_policy" "alarms" {
  arn    = aws_sns_topic.alarms.arn
  policy = data.aws_iam_policy_document.alarms.json
}

resource "aws_sns_topic_subscription" "email" {
  for_each = toset(var.emails)

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}

resource "aws_budgets_budget" "month" {
  name         = "${var.name}-month"
  budget_type  = "COST"
  limit_amount = tostring(var.budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  dynamic "notification" {
    for_each = {
      half     = { at = 50, of = "ACTUAL" }
      most     = { at = 80, of = "ACTUAL" }
      forecast = { at = 100, of = "FORECASTED" }
    }
    content {
      comparison_operator       = "GREATER_THAN"
      threshold                 = notification.value.at
      threshold_type            = "PERCENTAGE"
      notification_type         = notification.value.of
      subscriber_sns_topic_arns = [aws_sns_topic.alarms.arn]
    }
  }
}

# A day that costs far more than its like, whatever the budget says. An account has
# one monitor of its services.
resource "aws_ce_anomaly_monitor" "services" {
  count = var.anomalies ? 1 : 0

  name              = "${var.name}-services"
  monitor_type      = "DIMENSIONAL"
  monitor_dimension = "SERVICE"
}

resource "aws_ce_anomaly_subscription" "services" {
  count = var.anomalies ? 1 : 0

  name             = "${var.name}-services"
  frequency        = "IMMEDIATE"
  monitor_arn_list = [aws_ce_anomaly_monitor.services[0].arn]

  subscriber {
    type    = "SNS"
    address = aws_sns_topic.alarms.arn
  }

  threshold_expression {
    dimension {
      key           = "ANOMALY_TOTAL_IMPACT_ABSOLUTE"
      match_options = ["GREATER_THAN_OR_EQUAL"]
      values        = [tostring(ceil(var.budget_usd / 20))]
    }
  }
}

# Four fifths of what Aurora may grow to: raise max_acu, or sell less quickly.
resource "aws_cloudwatch_metric_alarm" "database_capacity" {
  for_each = var.databases

  alarm_name          = "${var.name}-${each.key}-capacity"
  alarm_description   = "${each.value} is near its greatest capacity. docs/operations.md, Scale."
  namespace           = "AWS/RDS"
  metric_name         = "ServerlessDatabaseCapacity"
  dimensions          = { DBClusterIdentifier = each.value }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 3
  threshold           = var.max_acu * 0.8
  comparison_operator = "GreaterThanThreshold"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# The log that change capture has not read yet; Aurora keeps all of it.
resource "aws_cloudwatch_metric_alarm" "replication_slot" {
  for_each = var.databases

  alarm_name          = "${var.name}-${each.key}-slot"
  alarm_description   = "Change capture of ${each.value} is 10 GB behind. docs/operations.md, When something is away."
  namespace           = "AWS/RDS"
  metric_name         = "OldestReplicationSlotLag"
  dimensions          = { DBClusterIdentifier = each.value, Role = "WRITER" }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 2
  threshold           = 10737418240
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

# Above 80 % a Redis that must not evict refuses writes soon.
resource "aws_cloudwatch_metric_alarm" "cache_memory" {
  for_each = toset(var.cache)

  alarm_name          = "${each.key}-redis-memory"
  alarm_description   = "The node ${each.key} of Redis is nearly full. docs/operations.md, Scale."
  namespace           = "AWS/ElastiCache"
  metric_name         = "DatabaseMemoryUsagePercentage"
  dimensions          = { CacheClusterId = each.key } # Nodes alone have this figure.
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 3
  threshold           = 80
  comparison_operator = "GreaterThanThreshold"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "unanswered" {
  alarm_name          = "${var.name}-unanswered"
  alarm_description   = "The load balancer itself answers 5xx: no pod is ready, or none answers in time."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_ELB_5XX_Count"
  dimensions          = { LoadBalancer = var.balancer }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 2
  threshold           = 20
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}
