output "network" {
  description = "VPC and subnets."
  value = {
    vpc     = aws_vpc.this.id
    subnets = aws_subnet.data[*].id
  }
}
