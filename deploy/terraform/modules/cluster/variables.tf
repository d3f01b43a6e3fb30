variable "name" {
  description = "Name of the cluster."
  type        = string
}

variable "region" {
  description = "Region, part of resource names."
  type        = string
}

variable "account" {
  description = "AWS account, part of resource names."
  type        = string
}

variable "namespace" {
  description = "Namespace of the Helm release, which runs on Fargate."
  type        = string
}

variable "subnets" {
  description = "Private subnets, one a zone."
  type        = list(string)
}

variable "admin_networks" {
  description = "Networks that reach the Kubernetes API from outside."
  type        = list(string)
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
}

variable "data_key" {
  description = "KMS key of Kubernetes secrets, disks and secrets."
  type        = string
}

variable "log_key" {
  description = "KMS key of log groups."
  type        = string
}

variable "search" {
  description = "Nodes of Elasticsearch: how many, and which instances."
  type = object({
    nodes    = number
    instance = string
  })
}

variable "temporal_inside" {
  description = "Temporal runs in this cluster: give its namespace a Fargate profile."
  type        = bool
}

variable "secret_prefix" {
  description = "Beginning of the names of the secrets that pods may read."
  type        = string
}
