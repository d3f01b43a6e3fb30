variable "name" {
  description = "Beginning of every name."
  type        = string
}

variable "account" {
  description = "AWS account whose services may publish alarms."
  type        = string
}

variable "emails" {
  description = "Who is told."
  type        = list(string)
}

variable "budget_usd" {
  description = "Budget of a month in US dollars."
  type        = number
}

variable "data_key" {
  description = "KMS key of the topic."
  type        = string
}

variable "databases" {
  description = "Identifiers of the database clusters, by name."
  type        = map(string)
}

variable "max_acu" {
  description = "What each may grow to."
  type        = number
}

variable "cache" {
  description = "Ids of Redis' nodes."
  type        = list(string)
}

variable "anomalies" {
  description = "Watch the account's costs for days unlike others."
  type        = bool
}

variable "balancer" {
  description = "What metrics call the load balancer."
  type        = string
}
