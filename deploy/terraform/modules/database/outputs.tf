output "arn" {
  description = "ARN of the cluster, for backups."
  value       = aws_rds_cluster.this.arn
}

output "cluster" {
  description = "Its identifier, for alarms."
  value       = aws_rds_cluster.this.cluster_identifier
}

output "endpoint" {
  description = "Host of the writer."
  value       = aws_rds_cluster.this.endpoint
}

output "secret" {
  description = "Secret whose field url is the address."
  value       = aws_secretsmanager_secret.url.name
}

output "standby" {
  description = "Host of the standby in the second region; empty without one."
  value       = try(aws_rds_cluster.standby[0].reader_endpoint, "")
}
