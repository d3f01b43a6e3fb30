output "domain" {
  description = "Domain at which CloudFront reaches it."
  value       = aws_apigatewayv2_domain_name.this.domain_name
}
