variable "name" {
  description = "Name of the cluster."
  type        = string
}

variable "database" {
  description = "Name of the database in it."
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

variable "recovery_key" {
  description = "KMS key of the standby's storage."
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
  description = "Capacity units at rest and at most, readers, connections of a process, days of point-in-time recovery, and whether there is a standby in the second region."
  type = object({
    min_acu     = number
    max_acu     = number
    readers     = number
    connections = number
    backup_days = number
    standby     = bool
  })
}

variable "logical" {
  description = "Logical replication, which change capture needs."
  type        = bool
}

variable "secret_prefix" {
  description = "Beginning of the secret's name."
  type        = string
}

variable "passwords_version" {
  description = "Rises with each new password."
  type        = number
}

variable "standby_network" {
  description = "VPC and subnets of the standby in the second region; null without one."
  type = object({
    vpc     = string
    cidr    = string
    subnets = list(string)
  })
}
