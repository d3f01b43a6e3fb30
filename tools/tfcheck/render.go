package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// render does what Terraform's templatefile does, with values from a JSON file, so
// that what an output will look like can be checked without an apply. Of Terraform's
// functions it has join and length.
func render(args []string, w io.Writer) error {
	if len(args) != 2 {
		return errors.New("render needs a template and a JSON file of its values")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	values, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	kind, err := ctyjson.ImpliedType(values)
	if err != nil {
		return fmt.Errorf("%s: %w", args[1], err)
	}
	with, err := ctyjson.Unmarshal(values, kind)
	if err != nil {
		return fmt.Errorf("%s: %w", args[1], err)
	}
	template, wrong := hclsyntax.ParseTemplate(text, args[0], hcl.InitialPos)
	if wrong.HasErrors() {
		return wrong
	}
	out, wrong := template.Value(&hcl.EvalContext{
		Variables: with.AsValueMap(),
		Functions: map[string]function.Function{"join": stdlib.JoinFunc, "length": stdlib.LengthFunc},
	})
	if wrong.HasErrors() {
		return wrong
	}
	_, err = io.WriteString(w, out.AsString())
	return err
}
