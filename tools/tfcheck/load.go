package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// module is a folder with *.tf files.
type module struct {
	folder string
	blocks []*hclsyntax.Block
	values map[string]*hclsyntax.Body // *.tfvars
}

// project is all that is checked together.
type project struct {
	modules map[string]*module
	early   []finding // what reading showed
}

// finding is a line for a person.
type finding struct {
	at   hcl.Range
	text string
}

// String gives file, line and what is wrong.
func (f finding) String() string {
	return fmt.Sprintf("%s:%d: %s", f.at.Filename, f.at.Start.Line, f.text)
}

func load(folders []string) (*project, error) {
	p := &project{modules: map[string]*module{}}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && strings.HasPrefix(entry.Name(), ".terraform"):
				return filepath.SkipDir
			case entry.IsDir():
				return nil
			}
			return p.file(path)
		})
		if err != nil {
			return nil, err
		}
	}
	if len(p.modules) == 0 {
		return nil, fmt.Errorf("there are no *.tf files in %s", strings.Join(folders, ", "))
	}
	return p, nil
}

func (p *project) file(path string) error {
	extension := filepath.Ext(path)
	if extension != ".tf" && extension != ".tfvars" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	parsed, wrong := hclsyntax.ParseConfig(text, path, hcl.InitialPos)
	if wrong.HasErrors() {
		return wrong
	}
	content, ok := parsed.Body.(*hclsyntax.Body)
	if !ok {
		return fmt.Errorf("%s is not in HCL's own syntax", path)
	}
	if !bytes.Equal(hclwrite.Format(text), text) {
		p.early = append(p.early, finding{hcl.Range{Filename: path, Start: hcl.Pos{Line: 1}}, "is not formatted: terraform fmt"})
	}
	folder := filepath.Clean(filepath.Dir(path))
	m := p.modules[folder]
	if m == nil {
		m = &module{folder: folder, values: map[string]*hclsyntax.Body{}}
		p.modules[folder] = m
	}
	if extension == ".tfvars" {
		m.values[path] = content
		return nil
	}
	m.blocks = append(m.blocks, content.Blocks...)
	return nil
}

// of gives the module's blocks of one type.
func (m *module) of(kind string) []*hclsyntax.Block {
	return slices.DeleteFunc(slices.Clone(m.blocks), func(b *hclsyntax.Block) bool { return b.Type != kind })
}

// made gives its resources, data sources and ephemeral resources.
func (m *module) made() []*hclsyntax.Block {
	return slices.Concat(m.of("resource"), m.of("data"), m.of("ephemeral"))
}

func (p *project) count() (n int) {
	for _, m := range p.modules {
		n += len(m.made())
	}
	return n
}

func (p *project) types() int {
	seen := map[string]bool{}
	for _, m := range p.modules {
		for _, b := range m.made() {
			seen[typeOf(b)] = true
		}
	}
	return len(seen)
}

// typeOf names a block as the table does.
func typeOf(b *hclsyntax.Block) string { return b.Type + " " + b.Labels[0] }
