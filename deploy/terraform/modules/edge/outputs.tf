output "networks" {
  description = "Addresses from which CloudFront calls us."
  value       = data.aws_ip_ranges.edge.cidr_blocks
}
