package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// derive writes the table of the types named, from a package of generated
// bindings: lib/KEBAB/index.d.ts has an interface of each body, whose members
// carry, as comments, links to the pages of the provider's documents.
func derive(args []string, w io.Writer) error {
	if len(args) < 2 {
		return errors.New("derive needs a package and types, such as: derive node_modules/x 'resource aws_vpc'")
	}
	for _, kind := range args[1:] {
		file, err := declarations(args[0], kind)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		d := parseDeclarations(string(text))
		if d.root == "" {
			return fmt.Errorf("%s has no arguments of %s", file, kind)
		}
		d.write(w, kind, d.root, true)
	}
	return nil
}

// declarations is the file of a type: "data aws_vpc" is in lib/data-aws-vpc, a
// resource in lib/vpc.
func declarations(folder, kind string) (string, error) {
	sort, name, ok := strings.Cut(kind, " ")
	if !ok {
		return "", fmt.Errorf("%q is not a kind and a type", kind)
	}
	_, short, _ := strings.Cut(name, "_")
	tries := map[string][]string{
		"resource":  {short},
		"data":      {"data-" + name},
		"ephemeral": {"ephemeral-" + name},
	}[sort]
	for _, try := range tries {
		file := filepath.Join(folder, "lib", strings.ReplaceAll(try, "_", "-"), "index.d.ts")
		if _, err := os.Stat(file); err == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("the package has no %s", kind)
}

// member is a line of an interface.
type member struct {
	name     string
	required bool
	kind     string // the interface of a block, "" for an argument
}

type parsed struct {
	root       string
	interfaces map[string][]member
	attributes []string
}

var (
	interfaceLine = regexp.MustCompile(`^export interface (\w+)( extends (cdktf\.TerraformMetaArguments))?`)
	memberLine    = regexp.MustCompile(`^    readonly (\w+)(\??): (.+)$`)
	linkLine      = regexp.MustCompile(`\{@link https://\S+#(\w+) `)
	getterLine    = regexp.MustCompile(`^    get (\w+)\(\):`)
	typeName      = regexp.MustCompile(`^\w+`)
)

func parseDeclarations(text string) parsed {
	d := parsed{interfaces: map[string][]member{}}
	var current, link string
	class := ""
	for line := range strings.SplitSeq(text, "\n") {
		if m := interfaceLine.FindStringSubmatch(line); m != nil {
			current, link = m[1], ""
			d.interfaces[current] = nil
			if m[3] != "" {
				d.root = current
			}
		}
		if strings.HasPrefix(line, "export declare class ") {
			current, class = "", line
		}
		if strings.HasPrefix(line, "}") {
			current = ""
		}
		if m := linkLine.FindStringSubmatch(line); m != nil {
			link = m[1]
		}
		if m := memberLine.FindStringSubmatch(line); m != nil && current != "" {
			name := link
			if name == "" || snake(name) != name {
				name = snake(m[1])
			}
			d.interfaces[current] = append(d.interfaces[current], member{name, m[2] == "", typeName.FindString(m[3])})
			link = ""
		}
		if m := getterLine.FindStringSubmatch(line); m != nil && strings.Contains(class, "extends cdktf.Terraform") && !strings.HasSuffix(m[1], "Input") {
			d.attributes = append(d.attributes, snake(m[1]))
		}
	}
	return d
}

func (d parsed) write(w io.Writer, path, of string, outermost bool) {
	var words, deeper []string
	known := map[string]bool{}
	for _, m := range d.interfaces[of] {
		word := m.name
		known[word] = true
		_, block := d.interfaces[m.kind]
		switch {
		case block && m.required:
			word += "{!}"
		case block:
			word += "{}"
		case m.kind == "any": // What holds itself, such as a firewall's statement, is not spelt out.
			word += "{*}"
		case m.required:
			word += "!"
		}
		if block {
			deeper = append(deeper, m.name+" "+m.kind)
		}
		words = append(words, word)
	}
	if outermost {
		for _, a := range d.attributes {
			if !known[a] {
				words = append(words, a+"@")
				known[a] = true
			}
		}
	}
	slices.Sort(words)
	slices.Sort(deeper)
	fmt.Fprintf(w, "%s: %s\n", path, strings.Join(words, " "))
	for _, name := range deeper {
		name, kind, _ := strings.Cut(name, " ")
		if strings.Count(path, "/") < 12 { // Statements of firewalls hold statements.
			d.write(w, path+"/"+name, kind, false)
		}
	}
}

// snake turns what bindings call an argument into what it is called.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) {
			if i > 0 {
				b.WriteByte('_')
			}
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}
