variable "name" {
  description = "Name of the replication group."
  type        = string
}

variable "vpc" {
  description = "Id of the VPC."
  type        = string
}

variable "subnets" {
  description = "Data subnets, one a zone."
  type        = list(string)
}

variable "clients" {
  description = "Security group of those who may connect."
  type        = string
}

variable "data_key" {
  description = "KMS key of storage and secret."
  type        = string
}

variable "log_key" {
  description = "KMS key of the log group."
  type        = string
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
}

variable "size" {
  description = "Type of node, shards, and replicas of each."
  type = object({
    node_type = string
    shards    = number
    replicas  = number
  })
}

variable "secret_prefix" {
  description = "Beginning of the secret's name."
  type        = string
}
