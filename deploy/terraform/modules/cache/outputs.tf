output "id" {
  description = "Id of the replication group, for alarms."
  value       = aws_elasticache_replication_group.this.id
}

output "secret" {
  description = "Secret whose field url is the address."
  value       = aws_secretsmanager_secret.url.name
}
