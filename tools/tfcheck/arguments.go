package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// meta are the words that Terraform itself understands in every resource.
var (
	metaArguments = []string{"count", "for_each", "provider", "depends_on"}
	metaBlocks    = []string{"lifecycle", "connection", "provisioner"}
)

// check gives all findings, by place.
func (p *project) check(known table) []finding {
	out := slices.Clone(p.early)
	for _, m := range p.modules {
		for _, b := range m.made() {
			if len(b.Labels) != 2 {
				out = append(out, finding{b.Range(), b.Type + " needs a type and a name"})
				continue
			}
			content, ok := known[typeOf(b)]
			if !ok {
				out = append(out, finding{b.Range(), fmt.Sprintf("there is no %s in the tables of the providers", typeOf(b))})
				continue
			}
			out = append(out, arguments(typeOf(b), content, b.Body, true)...)
		}
		out = append(out, p.references(m, known)...)
	}
	slices.SortFunc(out, func(a, b finding) int {
		switch {
		case a.at.Filename != b.at.Filename:
			if a.at.Filename < b.at.Filename {
				return -1
			}
			return 1
		case a.at.Start.Line != b.at.Start.Line:
			return a.at.Start.Line - b.at.Start.Line
		default:
			return 0
		}
	})
	return out
}

// arguments compares a body with what may stand in it.
func arguments(where string, want *body, have *hclsyntax.Body, outermost bool) (out []finding) {
	seen := map[string]bool{}
	for name, a := range have.Attributes {
		seen[name] = true
		_, known := want.arguments[name]
		_, block := want.blocks[name]
		switch {
		case known, outermost && slices.Contains(metaArguments, name):
		case block:
			out = append(out, finding{a.SrcRange, fmt.Sprintf("%s: %s is a block, not an argument", where, name)})
		default:
			out = append(out, finding{a.SrcRange, fmt.Sprintf("%s: there is no argument %s", where, name)})
		}
	}
	for _, b := range have.Blocks {
		name, inner := b.Type, b.Body
		if name == "dynamic" && len(b.Labels) == 1 {
			name, inner = b.Labels[0], dynamicContent(b)
		}
		seen[name] = true
		if !outermost || !slices.Contains(metaBlocks, name) {
			out = append(out, block(where, name, want, inner, b.Range())...)
		}
	}
	for name, required := range merged(want) {
		if required && !seen[name] {
			out = append(out, finding{have.SrcRange, fmt.Sprintf("%s: %s is required", where, name)})
		}
	}
	return out
}

// block looks at one block of a body, whose content is nil for a dynamic one
// without any.
func block(where, name string, want *body, content *hclsyntax.Body, at hcl.Range) []finding {
	_, known := want.blocks[name]
	switch {
	case !known:
		return []finding{{at, fmt.Sprintf("%s: there is no block %s", where, name)}}
	case content == nil:
		return []finding{{at, fmt.Sprintf("%s: dynamic %s has no content", where, name)}}
	case want.free[name] && want.inside[name] == nil:
		return nil
	}
	return arguments(where+"/"+name, inside(want, name), content, false)
}

// inside is what may stand in a block; one without any lines takes nothing.
func inside(outer *body, name string) *body {
	if b := outer.inside[name]; b != nil {
		return b
	}
	return newBody()
}

func dynamicContent(b *hclsyntax.Block) *hclsyntax.Body {
	for _, c := range b.Body.Blocks {
		if c.Type == "content" {
			return c.Body
		}
	}
	return nil
}

func merged(b *body) map[string]bool {
	out := map[string]bool{}
	maps.Copy(out, b.arguments)
	maps.Copy(out, b.blocks)
	return out
}
