package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// names are what a module declares, and how often each is used.
type names struct {
	variables, locals, outputs map[string]hcl.Range
	required                   map[string]bool
	calls                      map[string]*hclsyntax.Block
	made                       map[string]bool // "aws_vpc.this", "data.aws_vpc.this", "ephemeral.…"
	used                       map[string]bool // "var.x", "local.x", "module.x.y"
}

func declared(m *module) names {
	n := names{
		variables: map[string]hcl.Range{}, locals: map[string]hcl.Range{}, outputs: map[string]hcl.Range{},
		required: map[string]bool{}, calls: map[string]*hclsyntax.Block{}, made: map[string]bool{}, used: map[string]bool{},
	}
	for _, b := range m.blocks {
		switch {
		case b.Type == "locals":
			for name, a := range b.Body.Attributes {
				n.locals[name] = a.SrcRange
			}
		case len(b.Labels) == 1 && b.Type == "variable":
			n.variables[b.Labels[0]] = b.Range()
			_, has := b.Body.Attributes["default"]
			n.required[b.Labels[0]] = !has
		case len(b.Labels) == 1 && b.Type == "output":
			n.outputs[b.Labels[0]] = b.Range()
		case len(b.Labels) == 1 && b.Type == "module":
			n.calls[b.Labels[0]] = b
		case len(b.Labels) == 2 && b.Type == "resource":
			n.made[strings.Join(b.Labels, ".")] = true
		case len(b.Labels) == 2:
			n.made[b.Type+"."+strings.Join(b.Labels, ".")] = true
		}
	}
	return n
}

// references finds what is named and not declared, and what is declared and
// named nowhere.
func (p *project) references(m *module, known table) (out []finding) {
	n := declared(m)
	for _, b := range m.blocks {
		in := n
		if b.Type == "variable" { // That its validation looks at it is no use of it.
			in.used = map[string]bool{}
		}
		_ = hclsyntax.VisitAll(b.Body, func(node hclsyntax.Node) hcl.Diagnostics {
			if e, ok := node.(hclsyntax.Expression); ok {
				out = append(out, in.expression(p, m, e, known)...)
			}
			return nil
		})
	}
	for name, call := range n.calls {
		out = append(out, p.call(m, name, call, n)...)
	}
	for name, at := range n.variables {
		if !n.used["var."+name] {
			out = append(out, finding{at, "variable " + name + " is used nowhere"})
		}
	}
	for name, at := range n.locals {
		if !n.used["local."+name] {
			out = append(out, finding{at, "local " + name + " is used nowhere"})
		}
	}
	for path, content := range m.values {
		for name, a := range content.Attributes {
			if _, ok := n.variables[name]; !ok {
				out = append(out, finding{a.SrcRange, fmt.Sprintf("%s gives a value to %s, which is no variable", filepath.Base(path), name)})
			}
		}
	}
	return out
}

// expression looks at what refers to something: x.y.z, x.y[i].z and x.y[*].z.
func (n names) expression(p *project, m *module, e hclsyntax.Expression, known table) []finding {
	switch e := e.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return n.follow(p, m, e.Traversal, known)
	case *hclsyntax.RelativeTraversalExpr:
		return n.behind(known, e.Source, e.Traversal)
	case *hclsyntax.SplatExpr:
		if each, ok := e.Each.(*hclsyntax.RelativeTraversalExpr); ok {
			return n.behind(known, e.Source, each.Traversal)
		}
	}
	return nil
}

// behind looks at the attribute behind an index.
func (n names) behind(known table, source hclsyntax.Expression, then hcl.Traversal) []finding {
	if index, ok := source.(*hclsyntax.IndexExpr); ok {
		source = index.Collection
	}
	e, ok := source.(*hclsyntax.ScopeTraversalExpr)
	if !ok {
		return nil
	}
	t := e.Traversal
	switch kind := t.RootName(); {
	case (kind == "data" || kind == "ephemeral") && len(t) == 3:
		return n.attributes(known, kind+" "+step(t, 1), then, 0)
	case n.made[kind+"."+step(t, 1)] && len(t) == 2:
		return n.attributes(known, "resource "+kind, then, 0)
	}
	return nil
}

// follow looks at one reference and notes what it uses.
func (n names) follow(p *project, m *module, t hcl.Traversal, known table) []finding {
	root, first := t.RootName(), step(t, 1)
	undeclared := func(what string) []finding {
		return []finding{{t.SourceRange(), what + " is not declared"}}
	}
	switch root {
	case "var", "local":
		n.used[root+"."+first] = true
		if _, ok := map[string]map[string]hcl.Range{"var": n.variables, "local": n.locals}[root][first]; !ok {
			return undeclared(root + "." + first)
		}
	case "module":
		call, ok := n.calls[first]
		if !ok {
			return undeclared("module." + first)
		}
		output := attribute(t[2:])
		n.used["module."+first+"."+output] = true
		if called := p.called(m, call); called != nil && output != "" {
			if _, ok := declared(called).outputs[output]; !ok {
				return undeclared("module." + first + "." + output)
			}
		}
	case "data", "ephemeral":
		if !n.made[root+"."+first+"."+step(t, 2)] {
			return undeclared(root + "." + first + "." + step(t, 2))
		}
		return n.attributes(known, root+" "+first, t, 3)
	case "each", "count", "self", "path", "terraform":
	default:
		switch {
		case n.made[root+"."+first]:
			return n.attributes(known, "resource "+root, t, 2)
		case known["resource "+root] != nil:
			return undeclared(root + "." + first)
		}
	}
	return nil
}

func (n names) attributes(known table, kind string, t hcl.Traversal, from int) []finding {
	b := known[kind]
	if b == nil || len(t) <= from {
		return nil
	}
	name := attribute(t[from:])
	if name == "" || b.has(name) {
		return nil
	}
	return []finding{{t.SourceRange(), fmt.Sprintf("%s has no attribute %s", kind, name)}}
}

// call compares a module's call with the module.
func (p *project) call(m *module, name string, call *hclsyntax.Block, caller names) (out []finding) {
	called := p.called(m, call)
	if called == nil {
		return []finding{{call.Range(), "module " + name + ": its folder has no *.tf files"}}
	}
	n := declared(called)
	for input, a := range call.Body.Attributes {
		switch input {
		case "source", "version", "providers", "count", "for_each", "depends_on":
			continue
		}
		if _, ok := n.variables[input]; !ok {
			out = append(out, finding{a.SrcRange, fmt.Sprintf("module %s has no variable %s", name, input)})
		}
	}
	for input, required := range n.required {
		if _, ok := call.Body.Attributes[input]; required && !ok {
			out = append(out, finding{call.Range(), fmt.Sprintf("module %s: %s is required", name, input)})
		}
	}
	for output, at := range n.outputs {
		if !caller.used["module."+name+"."+output] && !caller.used["module."+name+"."] {
			out = append(out, finding{at, fmt.Sprintf("output %s of module %s is used nowhere", output, name)})
		}
	}
	return out
}

// called is the module behind a local source, nil where there is none.
func (p *project) called(m *module, call *hclsyntax.Block) *module {
	a, ok := call.Body.Attributes["source"]
	if !ok {
		return nil
	}
	v, wrong := a.Expr.Value(nil)
	if wrong.HasErrors() || v.Type() != cty.String {
		return nil
	}
	return p.modules[filepath.Clean(filepath.Join(m.folder, v.AsString()))]
}

// step is the n-th name of a reference, "" where it is an index.
func step(t hcl.Traversal, n int) string {
	if len(t) <= n {
		return ""
	}
	if a, ok := t[n].(hcl.TraverseAttr); ok {
		return a.Name
	}
	return ""
}

// attribute is the first name after an index.
func attribute(t hcl.Traversal) string {
	for i := range t {
		switch s := t[i].(type) {
		case hcl.TraverseAttr:
			return s.Name
		case hcl.TraverseIndex:
			continue
		default:
			return ""
		}
	}
	return ""
}
