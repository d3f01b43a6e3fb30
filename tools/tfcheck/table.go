package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed provider/*.txt
var providers embed.FS

// body is what may stand between two braces.
type body struct {
	arguments map[string]bool // true: required
	blocks    map[string]bool
	inside    map[string]*body
	free      map[string]bool // blocks whose inside nobody describes, unless it is in inside
	// attributes are what a reference may name, in the outermost body only.
	attributes map[string]bool
}

// table is what providers take, by kind and type: "resource aws_vpc".
type table map[string]*body

func newBody() *body {
	return &body{arguments: map[string]bool{}, blocks: map[string]bool{}, inside: map[string]*body{}, free: map[string]bool{}, attributes: map[string]bool{}}
}

func embedded() (table, error) {
	t := table{}
	files, err := fs.Glob(providers, "provider/*.txt")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		text, err := providers.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if err := t.read(string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(t) == 0 {
		return nil, errors.New("the tables of the providers are empty")
	}
	return t, nil
}

// read adds lines of the form
//
//	resource aws_vpc/route: cidr_block! gateway_id timeouts{} subnet{!} arn@
//
// which give one body: a required argument, an optional one, an optional block, a
// required one, and an attribute that can only be read; block{*} is one whose inside
// may be anything. Bodies come before those inside them.
func (t table) read(text string) error {
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		head, rest, ok := strings.Cut(line, ":")
		if !ok {
			return fmt.Errorf("line %d has no colon", n+1)
		}
		path := strings.Split(head, "/")
		b := newBody()
		if len(path) == 1 {
			t[head] = b
		} else {
			outer := t[path[0]]
			for _, name := range path[1 : len(path)-1] {
				if outer != nil {
					outer = outer.inside[name]
				}
			}
			if outer == nil {
				return fmt.Errorf("line %d: %s comes before what it is inside of", n+1, head)
			}
			outer.inside[path[len(path)-1]] = b
		}
		for word := range strings.FieldsSeq(rest) {
			b.add(word)
		}
	}
	return nil
}

func (b *body) add(word string) {
	end := strings.IndexAny(word, "{!@")
	if end < 0 {
		b.arguments[word] = false
		return
	}
	name := word[:end]
	switch word[end:] {
	case "!":
		b.arguments[name] = true
	case "@":
		b.attributes[name] = true
	case "{*}":
		b.blocks[name], b.free[name] = false, true
	default:
		b.blocks[name] = word[end:] == "{!}"
	}
}

// has says whether a reference may name it.
func (b *body) has(attribute string) bool {
	_, argument := b.arguments[attribute]
	_, block := b.blocks[attribute]
	return argument || block || b.attributes[attribute] || attribute == "id"
}
