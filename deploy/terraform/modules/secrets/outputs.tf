output "data_key" {
  description = "KMS key of data."
  value       = aws_kms_key.data.arn
}

output "recovery_key" {
  description = "Its replica in the second region."
  value       = aws_kms_replica_key.recovery.arn
}

output "log_key" {
  description = "KMS key of log groups."
  value       = aws_kms_key.logs.arn
}

output "prefix" {
  description = "Beginning of the names of all secrets."
  value       = local.prefix
}

output "names" {
  description = "Names of the secrets that people fill in."
  value       = { for name, secret in aws_secretsmanager_secret.filled_by_people : name => secret.name }
}

output "repository" {
  description = "Address of the image, without a tag."
  value       = aws_ecr_repository.image.repository_url
}

output "search" {
  description = "Secret with Elasticsearch's user: username, password, url."
  value       = aws_secretsmanager_secret.search.name
}
