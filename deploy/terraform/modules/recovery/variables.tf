variable "name" {
  description = "Name of vaults and plan."
  type        = string
}

variable "data_key" {
  description = "KMS key of the vault here."
  type        = string
}

variable "recovery_key" {
  description = "KMS key of the vault in the second region."
  type        = string
}

variable "keep_days" {
  description = "How long a snapshot is kept, here and there."
  type        = number
}

variable "clusters" {
  description = "ARNs of the database clusters."
  type        = list(string)
}
