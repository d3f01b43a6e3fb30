output "network" {
  description = "VPC and subnets."
  value = {
    vpc     = aws_vpc.this.id
    cidr    = aws_vpc.this.cidr_block
    subnets = aws_subnet.data[*].id
  }
}
