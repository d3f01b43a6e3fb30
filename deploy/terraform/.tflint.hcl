# The rules of the language. The rule set of AWS is a program of its own, which
# tflint would download; what it checks is held against the tables of tools/tfcheck.
config {
  call_module_type = "local"
}

plugin "terraform" {
  enabled = true
  preset  = "all"
}

# Sizes stand beside the variables that choose them, outputs beside their locals.
rule "terraform_standard_module_structure" {
  enabled = false
}
