# CloudFront, in front of everything: names, certificates, what is cached for how
# long, and which way each path goes. All of it lives in us-east-1.
locals {
  # Ids of policies that AWS keeps, the same in every account.
  caching_disabled   = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  all_viewer         = "216adef6-5c7f-47e4-b989-5492eafa07d3"
  all_but_host       = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
  everything_allowed = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]

  # In this order; what matches none is a page or a public read. An answer is
  # kept for as long as its Cache-Control says (the queue's status: a second), and
  # those for one account say no-store.
  behaviours = [
    { path = "/v1/events/*/availability/stream", to = "balancer", kept = false },
    { path = "/v1/bookings/*/stream", to = "balancer", kept = false },
    { path = "/v1/webhooks/*", to = "balancer", kept = false },
    { path = "/v1/sessions*", to = "balancer", kept = false },
    { path = "/v1/users*", to = "balancer", kept = false },
    { path = "/v1/me*", to = "gateway", kept = false },
    { path = "/v1/bookings*", to = "gateway", kept = false },
    { path = "/v1/tickets/*", to = "gateway", kept = false },
    { path = "/v1/organizer/*", to = "gateway", kept = false },
    { path = "/v1/finance/*", to = "gateway", kept = false },
    { path = "/v1/checkins*", to = "gateway", kept = false },
  ]
}

resource "aws_acm_certificate" "this" {
  domain_name       = var.domain
  validation_method = "DNS"

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
  allow_overwrite = true # The load balancer's certificate asks for the same record.
}

resource "aws_acm_certificate_validation" "this" {
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [for record in aws_route53_record.validation : record.fqdn]
}

resource "aws_cloudfront_vpc_origin" "balancer" {
  vpc_origin_endpoint_config {
    name                   = var.name
    arn                    = var.balancer
    http_port              = 80
    https_port             = 443
    origin_protocol_policy = "https-only"

    origin_ssl_protocols {
      items    = ["TLSv1.2"]
      quantity = 1
    }
  }
}

# As the origin says, down to a second; compressed forms apart.
resource "aws_cloudfront_cache_policy" "as_told" {
  name        = "${var.name}-as-told"
  comment     = "Kept as Cache-Control says"
  min_ttl     = 0
  default_ttl = 0
  max_ttl     = 31536000

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_gzip   = true
    enable_accept_encoding_brotli = true

    cookies_config {
      cookie_behavior = "none"
    }

    headers_config {
      header_behavior = "none"
    }

    query_strings_config {
      query_string_behavior = "all"
    }
  }
}

resource "aws_cloudfront_response_headers_policy" "this" {
  #checkov:skip=CKV_AWS_259:Subdomains and preloading bind a whole domain for good; its owner decides.
  name = var.name

  # The API and the storefront set the rest themselves.
  security_headers_config {
    strict_transport_security {
      access_control_max_age_sec = 31536000
      override                   = false
    }

    content_type_options {
      override = false
    }
  }
}

resource "aws_cloudfront_distribution" "this" {
  #checkov:skip=CKV2_AWS_47:AWSManagedRulesKnownBadInputsRuleSet is among the firewall's local.managed, which the scanner does not unfold.
  #checkov:skip=CKV_AWS_305:The storefront answers at / itself.
  #checkov:skip=CKV_AWS_310:There is no second origin: a region that is gone is replaced by docs/operations.md, Disaster recovery.
  #checkov:skip=CKV_AWS_374:Buyers come from everywhere.
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  comment         = var.name
  aliases         = [var.domain]
  price_class     = var.price_class
  web_acl_id      = aws_wafv2_web_acl.this.arn

  # 60 s without a byte end a connection; live streams send a comment every 15 s.
  origin {
    origin_id   = "balancer"
    domain_name = var.balancer_domain # Its certificate is that of the Host header, which is passed on.

    vpc_origin_config {
      vpc_origin_id            = aws_cloudfront_vpc_origin.balancer.id
      origin_read_timeout      = 60
      origin_keepalive_timeout = 60
    }

    custom_header {
      name  = "X-Edge-Key"
      value = var.edge_key
    }
  }

  origin {
    origin_id   = "gateway"
    domain_name = var.gateway

    custom_origin_config {
      http_port                = 80
      https_port               = 443
      origin_protocol_policy   = "https-only"
      origin_ssl_protocols     = ["TLSv1.2"]
      origin_read_timeout      = 60
      origin_keepalive_timeout = 60
    }
  }

  default_cache_behavior {
    target_origin_id           = "balancer"
    allowed_methods            = local.everything_allowed
    cached_methods             = ["GET", "HEAD"]
    viewer_protocol_policy     = "redirect-to-https"
    compress                   = true
    cache_policy_id            = aws_cloudfront_cache_policy.as_told.id
    origin_request_policy_id   = local.all_viewer
    response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
  }

  dynamic "ordered_cache_behavior" {
    for_each = local.behaviours
    content {
      path_pattern               = ordered_cache_behavior.value.path
      target_origin_id           = ordered_cache_behavior.value.to
      allowed_methods            = local.everything_allowed
      cached_methods             = ["GET", "HEAD"]
      viewer_protocol_policy     = "https-only"
      compress                   = ordered_cache_behavior.value.kept # Compressing holds a stream back.
      cache_policy_id            = ordered_cache_behavior.value.kept ? aws_cloudfront_cache_policy.as_told.id : local.caching_disabled
      origin_request_policy_id   = ordered_cache_behavior.value.to == "gateway" ? local.all_but_host : local.all_viewer
      response_headers_policy_id = aws_cloudfront_response_headers_policy.this.id
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = aws_acm_certificate_validation.this.certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }

  logging_config {
    bucket          = var.log_bucket
    prefix          = "cloudfront/"
    include_cookies = false
  }
}

resource "aws_route53_record" "this" {
  for_each = toset(["A", "AAAA"])

  zone_id = var.zone
  name    = var.domain
  type    = each.key

  alias {
    name                   = aws_cloudfront_distribution.this.domain_name
    zone_id                = aws_cloudfront_distribution.this.hosted_zone_id
    evaluate_target_health = false
  }
}

# Whose X-Forwarded-For the API believes, beside the VPC.
data "aws_ip_ranges" "edge" {
  services = ["cloudfront_origin_facing"]
}
