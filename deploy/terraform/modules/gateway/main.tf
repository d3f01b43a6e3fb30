# API Gateway stands before what an account does: it turns away tokens that are
# not ours and throttles, before a pod sees the request. It cannot stream and
# ends a request after 30 s, so streams go past it.
locals {
  # What needs an account in any case. Paths where public reads and an account's
  # writes meet (/v1/events/…/queue) go to the load balancer; the API checks
  # every token itself, here and there.
  guarded = [
    "/v1/me", "/v1/me/{proxy+}", "/v1/bookings", "/v1/bookings/{proxy+}", "/v1/tickets/{proxy+}",
    "/v1/organizer/{proxy+}", "/v1/finance/{proxy+}", "/v1/checkins", "/v1/checkins/{proxy+}",
  ]
}

resource "aws_security_group" "link" {
  name        = "${var.name}-gateway-link"
  description = "API Gateway's way into the VPC"
  vpc_id      = var.vpc
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  security_group_id            = aws_security_group.link.id
  description                  = "HTTPS to the load balancer"
  referenced_security_group_id = var.balancer_security
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  security_group_id            = var.balancer_security
  description                  = "HTTPS from API Gateway"
  referenced_security_group_id = aws_security_group.link.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_apigatewayv2_vpc_link" "this" {
  name               = var.name
  subnet_ids         = var.subnets
  security_group_ids = [aws_security_group.link.id]
}

resource "aws_apigatewayv2_api" "this" {
  name                         = var.name
  protocol_type                = "HTTP"
  disable_execute_api_endpoint = true # By its domain only.
}

# AWS reads https://<domain>/.well-known/openid-configuration, which names our
# JWKS, when it makes this: it can be made only once the application answers.
# TOKEN_ISSUER of the API is this address.
resource "aws_apigatewayv2_authorizer" "this" {
  count = var.guard ? 1 : 0

  api_id           = aws_apigatewayv2_api.this.id
  name             = "access-tokens"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]

  jwt_configuration {
    issuer   = "https://${var.domain}"
    audience = var.access_token_audiences
  }
}

resource "aws_apigatewayv2_integration" "balancer" {
  api_id               = aws_apigatewayv2_api.this.id
  integration_type     = "HTTP_PROXY"
  integration_method   = "ANY"
  integration_uri      = var.listener
  connection_type      = "VPC_LINK"
  connection_id        = aws_apigatewayv2_vpc_link.this.id
  timeout_milliseconds = 30000

  request_parameters = {
    "overwrite:header.X-Edge-Key" = var.edge_key
  }

  tls_config {
    server_name_to_verify = var.domain
  }
}

resource "aws_apigatewayv2_route" "guarded" {
  #checkov:skip=CKV_AWS_309:Without var.guard, which is for the time before the application answers, the API alone checks tokens, as it always does.
  for_each = toset(local.guarded)

  api_id             = aws_apigatewayv2_api.this.id
  route_key          = "ANY ${each.key}"
  target             = "integrations/${aws_apigatewayv2_integration.balancer.id}"
  authorization_type = var.guard ? "JWT" : "NONE"
  authorizer_id      = one(aws_apigatewayv2_authorizer.this[*].id)
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/${var.name}/gateway"
  retention_in_days = var.log_days
  kms_key_id        = var.log_key
}

resource "aws_apigatewayv2_stage" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_burst_limit   = var.throttle.burst
    throttling_rate_limit    = var.throttle.rate
    detailed_metrics_enabled = true
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      at        = "$context.requestTime"
      request   = "$context.requestId"
      method    = "$context.httpMethod"
      path      = "$context.path"
      status    = "$context.status"
      ms        = "$context.responseLatency"
      behind_ms = "$context.integrationLatency"
      refused   = "$context.authorizer.error"
    })
  }
}

resource "aws_apigatewayv2_domain_name" "this" {
  domain_name = "gateway.${var.domain}"

  domain_name_configuration {
    certificate_arn = var.certificate
    endpoint_type   = "REGIONAL"
    security_policy = "TLS_1_2"
  }
}

resource "aws_apigatewayv2_api_mapping" "this" {
  api_id      = aws_apigatewayv2_api.this.id
  domain_name = aws_apigatewayv2_domain_name.this.id
  stage       = aws_apigatewayv2_stage.this.id
}

resource "aws_route53_record" "this" {
  zone_id = var.zone
  name    = aws_apigatewayv2_domain_name.this.domain_name
  type    = "A"

  alias {
    name                   = aws_apigatewayv2_domain_name.this.domain_name_configuration[0].target_domain_name
    zone_id                = aws_apigatewayv2_domain_name.this.domain_name_configuration[0].hosted_zone_id
    evaluate_target_health = false
  }
}
