# What is refused before it costs us anything. Limits by account are the API's.
locals {
  # Requests of one address in five minutes, from var.address_buyers: a shared
  # address, such as a university's, has as many buyers. Who waits asks the queue and
  # the seat map some 150 times in that time; the cache answers, and it is not
  # counted. The API has limits of its own, by account and by address.
  rates = {
    accounts  = { priority = 21, limit = max(100, var.address_buyers / 2), path = "/v1/users", match = "STARTS_WITH" }
    sessions  = { priority = 22, limit = max(300, var.address_buyers), path = "/v1/sessions", match = "EXACTLY" }
    refreshes = { priority = 23, limit = max(300, var.address_buyers * 2), path = "/v1/sessions/refresh", match = "EXACTLY" }
    bookings  = { priority = 24, limit = var.address_buyers * 10, path = "/v1/bookings", match = "STARTS_WITH" }
  }
  anything = var.address_buyers * 50
  polled   = "^/v1/events/[^/]+/(queue|availability|seatmap)$"

  managed = {
    AWSManagedRulesAmazonIpReputationList = { priority = 1, count = [] }
    AWSManagedRulesKnownBadInputsRuleSet  = { priority = 2, count = [] }
    # Seating plans and door lists are larger than 8 KB.
    AWSManagedRulesCommonRuleSet = { priority = 3, count = ["SizeRestrictions_BODY"] }
  }
}

resource "aws_wafv2_web_acl" "this" {
  #checkov:skip=CKV_AWS_192:AWSManagedRulesKnownBadInputsRuleSet is among local.managed, which the scanner does not unfold.
  name  = var.name
  scope = "CLOUDFRONT"

  default_action {
    allow {}
  }

  dynamic "rule" {
    for_each = local.managed
    content {
      name     = rule.key
      priority = rule.value.priority

      override_action {
        none {}
      }

      statement {
        managed_rule_group_statement {
          vendor_name = "AWS"
          name        = rule.key

          dynamic "rule_action_override" {
            for_each = rule.value.count
            content {
              name = rule_action_override.value

              action_to_use {
                count {}
              }
            }
          }
        }
      }

      visibility_config {
        metric_name                = rule.key
        cloudwatch_metrics_enabled = true
        sampled_requests_enabled   = true
      }
    }
  }

  # Bots: what says that it is one is blocked or counted by its kind; TARGETED also
  # challenges what behaves like one. Payment providers' webhooks are
  # programs, and so is who reads our keys: API Gateway and other people's servers.
  rule {
    name     = "bots"
    priority = 10

    override_action {
      none {}
    }

    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesBotControlRuleSet"

        managed_rule_group_configs {
          aws_managed_rules_bot_control_rule_set {
            inspection_level = var.bot_inspection
          }
        }

        # Buyers' own clients may use the API, from wherever they run.
        dynamic "rule_action_override" {
          for_each = ["SignalNonBrowserUserAgent", "CategoryHttpLibrary", "SignalKnownBotDataCenter"]
          content {
            name = rule_action_override.value

            action_to_use {
              count {}
            }
          }
        }

        scope_down_statement {
          not_statement {
            statement {
              regex_match_statement {
                regex_string = "^/(v1/webhooks|\\.well-known)/"

                field_to_match {
                  uri_path {}
                }

                text_transformation {
                  priority = 0
                  type     = "NONE"
                }
              }
            }
          }
        }
      }
    }

    visibility_config {
      metric_name                = "bots"
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "rate-anything"
    priority = 20

    action {
      block {
        custom_response {
          response_code            = 429
          custom_response_body_key = "slow-down"

          response_header {
            name  = "Retry-After"
            value = "60"
          }
        }
      }
    }

    statement {
      rate_based_statement {
        limit                 = local.anything
        aggregate_key_type    = "IP"
        evaluation_window_sec = 300

        scope_down_statement {
          not_statement {
            statement {
              and_statement {
                statement {
                  byte_match_statement {
                    search_string         = "GET"
                    positional_constraint = "EXACTLY"

                    field_to_match {
                      method {}
                    }

                    text_transformation {
                      priority = 0
                      type     = "NONE"
                    }
                  }
                }

                statement {
                  regex_match_statement {
                    regex_string = local.polled

                    field_to_match {
                      uri_path {}
                    }

                    text_transformation {
                      priority = 0
                      type     = "NONE"
                    }
                  }
                }
              }
            }
          }
        }
      }
    }

    visibility_config {
      metric_name                = "rate-anything"
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
    }
  }

  dynamic "rule" {
    for_each = local.rates
    content {
      name     = "rate-${rule.key}"
      priority = rule.value.priority

      action {
        block {
          custom_response {
            response_code            = 429
            custom_response_body_key = "slow-down"

            response_header {
              name  = "Retry-After"
              value = "60"
            }
          }
        }
      }

      statement {
        rate_based_statement {
          limit                 = rule.value.limit
          aggregate_key_type    = "IP"
          evaluation_window_sec = 300

          scope_down_statement {
            byte_match_statement {
              search_string         = rule.value.path
              positional_constraint = rule.value.match

              field_to_match {
                uri_path {}
              }

              text_transformation {
                priority = 0
                type     = "NONE"
              }
            }
          }
        }
      }

      visibility_config {
        metric_name                = "rate-${rule.key}"
        cloudwatch_metrics_enabled = true
        sampled_requests_enabled   = true
      }
    }
  }

  custom_response_body {
    key          = "slow-down"
    content_type = "APPLICATION_JSON"
    content = jsonencode({
      type   = "https://yourticket.example/problems/rate-limited"
      title  = "Too Many Requests"
      status = 429
      detail = "Too many requests came from this address. Try again in a minute."
    })
  }

  visibility_config {
    metric_name                = var.name
    cloudwatch_metrics_enabled = true
    sampled_requests_enabled   = true
  }
}

resource "aws_cloudwatch_log_group" "firewall" {
  #checkov:skip=CKV_AWS_158:The key of logs lives in another region; these are encrypted with CloudWatch's own.
  name              = "aws-waf-logs-${var.name}"
  retention_in_days = var.log_days
}

# Only what was not let through, and no tokens.
resource "aws_wafv2_web_acl_logging_configuration" "this" {
  resource_arn            = aws_wafv2_web_acl.this.arn
  log_destination_configs = [aws_cloudwatch_log_group.firewall.arn]

  redacted_fields {
    single_header {
      name = "authorization"
    }
  }

  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"

      condition {
        action_condition {
          action = "BLOCK"
        }
      }

      condition {
        action_condition {
          action = "CHALLENGE"
        }
      }
    }
  }
}
