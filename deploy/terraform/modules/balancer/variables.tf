variable "name" {
  description = "Name of the load balancer."
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

variable "domain" {
  description = "Domain of storefront and API."
  type        = string
}

variable "zone" {
  description = "Hosted zone of the domain."
  type        = string
}

variable "vpc" {
  description = "Id of the VPC."
  type        = string
}

variable "subnets" {
  description = "Private subnets, one a zone."
  type        = list(string)
}

variable "pods" {
  description = "Security group of the pods."
  type        = string
}

variable "log_days" {
  description = "How long access logs are kept."
  type        = number
}
