package main

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"runtime/debug"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// billOfMaterials lists, as CycloneDX, every module that the linker put into
// the binary, by what the binary says itself, and the toolchain.
func billOfMaterials(binary string) ([]byte, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, fmt.Errorf("what %s is made of: %w", binary, err)
	}
	main := component(&info.Main)
	main.Type = cdx.ComponentTypeApplication
	if revision := revisionOf(info); revision != "" {
		main.Properties = &[]cdx.Property{{Name: "vcs.revision", Value: revision}}
	}
	parts := []cdx.Component{component(&debug.Module{Path: "std", Version: info.GoVersion})}
	edges := []string{parts[0].BOMRef}
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		c := component(module)
		parts = append(parts, c)
		edges = append(edges, c.BOMRef)
	}
	list := cdx.NewBOM()
	list.Metadata = &cdx.Metadata{Component: &main}
	list.Components = &parts
	list.Dependencies = &[]cdx.Dependency{{Ref: main.BOMRef, Dependencies: &edges}}
	var out bytes.Buffer
	err = cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(list, cdx.SpecVersion1_6)
	return out.Bytes(), err
}

func component(m *debug.Module) cdx.Component {
	url := "pkg:golang/" + m.Path + "@" + m.Version
	return cdx.Component{BOMRef: url, Type: cdx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: url}
}
