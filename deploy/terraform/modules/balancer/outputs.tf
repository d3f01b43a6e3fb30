output "arn" {
  description = "ARN of the load balancer, for CloudFront."
  value       = aws_lb.this.arn
}

output "domain" {
  description = "Its name in DNS."
  value       = aws_lb.this.dns_name
}

output "arn_suffix" {
  description = "What metrics call it."
  value       = aws_lb.this.arn_suffix
}

output "listener" {
  description = "ARN of its listener, for API Gateway."
  value       = aws_lb_listener.this.arn
}

output "security_group" {
  description = "Its security group."
  value       = aws_security_group.this.id
}

output "certificate" {
  description = "Certificate of the domain in this region."
  value       = aws_acm_certificate_validation.this.certificate_arn
}

output "target_groups" {
  description = "ARNs of the target groups, by service."
  value       = { for name, group in aws_lb_target_group.this : name => group.arn }
}

output "edge_key" {
  description = "What a request must carry in X-Edge-Key."
  value       = random_password.edge_key.result
  sensitive   = true
}

output "log_bucket_domain" {
  description = "Bucket of access logs, as CloudFront wants it."
  value       = aws_s3_bucket.logs.bucket_domain_name
}
