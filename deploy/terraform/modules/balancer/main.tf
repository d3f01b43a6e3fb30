# The load balancer is inside of the VPC: CloudFront reaches it by a VPC origin,
# API Gateway by a VPC link, nobody else at all.
locals {
  # SSE: a comment comes every 15 s, and a purchase may be answered after 40 s.
  idle_seconds = 120
}

resource "aws_acm_certificate" "this" {
  domain_name               = var.domain
  subject_alternative_names = ["gateway.${var.domain}"]
  validation_method         = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  for_each = {
    for option in aws_acm_certificate.this.domain_validation_options : option.domain_name => option
  }

  zone_id         = var.zone
  name            = each.value.resource_record_name
  type            = each.value.resource_record_type
  records         = [each.value.resource_record_value]
  ttl             = 300
  allow_overwrite = true # The edge's certificate asks for the same record.
}

resource "aws_acm_certificate_validation" "this" {
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [for record in aws_route53_record.validation : record.fqdn]
}

resource "aws_security_group" "this" {
  name        = "${var.name}-balancer"
  description = "Load balancer of ${var.name}"
  vpc_id      = var.vpc
}

data "aws_ec2_managed_prefix_list" "cloudfront" {
  name = "com.amazonaws.global.cloudfront.origin-facing"
}

resource "aws_vpc_security_group_ingress_rule" "cloudfront" {
  security_group_id = aws_security_group.this.id
  description       = "HTTPS from CloudFront"
  prefix_list_id    = data.aws_ec2_managed_prefix_list.cloudfront.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "pods" {
  security_group_id            = aws_security_group.this.id
  description                  = "HTTP to the pods"
  referenced_security_group_id = var.pods
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_vpc_security_group_ingress_rule" "pods" {
  security_group_id            = var.pods
  description                  = "HTTP from the load balancer"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_lb" "this" {
  name                       = var.name
  internal                   = true
  load_balancer_type         = "application"
  security_groups            = [aws_security_group.this.id]
  subnets                    = var.subnets
  idle_timeout               = local.idle_seconds
  drop_invalid_header_fields = true
  enable_deletion_protection = true
  enable_http2               = true

  access_logs {
    bucket  = aws_s3_bucket.logs.bucket
    prefix  = "balancer"
    enabled = true
  }

  depends_on = [aws_s3_bucket_policy.logs]
}

# TargetGroupBindings of the chart put the pods in, by address. Streams of seat
# maps go straight to the events service; the gateway would double each.
resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer; security groups guard the way to the pods.
  for_each = toset(["gateway", "events"])

  name                 = "${var.name}-${each.key}"
  vpc_id               = var.vpc
  target_type          = "ip"
  port                 = 8080
  protocol             = "HTTP"
  deregistration_delay = 60 # The API lets requests finish for 45 s.

  load_balancing_algorithm_type = "least_outstanding_requests"

  # Whether the pod lives. /readyz is about what is behind it: when Redis is away
  # every pod would be taken out, and browsing would end, too.
  health_check {
    path                = "/healthz"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

resource "random_password" "edge_key" {
  length  = 40
  special = false
}

resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = aws_acm_certificate_validation.this.certificate_arn

  # Who comes past our edge is not answered: anybody's CloudFront has the same
  # addresses as ours.
  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "application/json"
      message_body = jsonencode({ type = "about:blank", title = "Forbidden", status = 403 })
      status_code  = "403"
    }
  }
}

# What is for us alone is asked of the pods, not from outside.
resource "aws_lb_listener_rule" "inside" {
  listener_arn = aws_lb_listener.this.arn
  priority     = 5

  action {
    type = "fixed-response"

    fixed_response {
      content_type = "application/json"
      message_body = jsonencode({ type = "about:blank", title = "Not Found", status = 404 })
      status_code  = "404"
    }
  }

  condition {
    path_pattern {
      values = ["/metrics", "/readyz"]
    }
  }
}

resource "aws_lb_listener_rule" "this" {
  for_each = {
    events  = { priority = 10, paths = ["/v1/events/*/availability/stream"] }
    gateway = { priority = 20, paths = ["/*"] }
  }

  listener_arn = aws_lb_listener.this.arn
  priority     = each.value.priority

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[each.key].arn
  }

  condition {
    path_pattern {
      values = each.value.paths
    }
  }

  condition {
    http_header {
      http_header_name = "X-Edge-Key"
      values           = [random_password.edge_key.result]
    }
  }
}
