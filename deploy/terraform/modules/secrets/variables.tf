variable "name" {
  description = "Beginning of every name."
  type        = string
}

variable "account" {
  description = "AWS account."
  type        = string
}

variable "region" {
  description = "Region of the logs."
  type        = string
}

variable "recovery_region" {
  description = "Region of the copies."
  type        = string
}

variable "passwords_version" {
  description = "Rises with each new password."
  type        = number
}
