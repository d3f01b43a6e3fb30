output "vpc" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "Network of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "private_subnets" {
  description = "Subnets of what runs, one a zone."
  value       = aws_subnet.private[*].id
}

output "data_subnets" {
  description = "Subnets of databases and caches, one a zone."
  value       = aws_subnet.data[*].id
}
