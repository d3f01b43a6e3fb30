package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// toy is a provider that is small enough to see through.
const toy = `
# A comment.
resource toy_box: name! colour lid{!} wheel{} statement{*} arn@
resource toy_box/lid: closed
resource toy_box/wheel: size! tyre{}
resource toy_box/wheel/tyre: width
data toy_shop: street! boxes@
`

// sound is a configuration with nothing to say against it.
var sound = map[string]string{
	"main.tf": `variable "colour" {
  type = string
}

data "toy_shop" "near" {
  street = "High Street"
}

locals {
  sizes = { front = 1 }
}

resource "toy_box" "this" {
  count = 2

  name   = data.toy_shop.near.boxes
  colour = var.colour

  lid {}

  dynamic "wheel" {
    for_each = local.sizes
    content {
      size = wheel.value
    }
  }

  statement {
    anything {
      at = "all"
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

module "inner" {
  source = "./inner"
  boxes  = toy_box.this[*].arn
}

output "arns" {
  value = [module.inner.out, toy_box.this[0].arn]
}
`,
	"inner/main.tf": `variable "boxes" {
  type = list(string)
}

output "out" {
  value = var.boxes
}
`,
	"some.tfvars": "colour = \"red\"\n",
}

// findings checks a configuration in which one text stands in place of another.
func findings(t *testing.T, file, from, to string) []string {
	t.Helper()
	folder := t.TempDir()
	changed := from == ""
	for name, text := range sound {
		if name == file && from != "" {
			require.Contains(t, text, from)
			text, changed = strings.Replace(text, from, to, 1), true
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644))
	}
	require.True(t, changed)
	known := table{}
	require.NoError(t, known.read(toy))
	p, err := load([]string{folder})
	require.NoError(t, err)
	var out []string
	for _, f := range p.check(known) {
		out = append(out, strings.TrimPrefix(f.String(), folder+"/"))
	}
	return out
}

func TestNothingIsSaidAgainstWhatIsSound(t *testing.T) {
	t.Parallel()
	require.Empty(t, findings(t, "", "", ""))
}

func TestPlantedFaultsAreFound(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ file, from, to, want string }{
		"unknown resource":            {"main.tf", `data "toy_shop" "near"`, `data "toy_shed" "near"`, "main.tf:5: there is no data toy_shed in the tables of the providers"},
		"unknown argument":            {"main.tf", "colour = var.colour", "color  = var.colour", "main.tf:17: resource toy_box: there is no argument color"},
		"argument missing":            {"main.tf", "  street = \"High Street\"\n", "", "main.tf:5: data toy_shop: street is required"},
		"unknown block":               {"main.tf", "lid {}", "lid {}\n\n  handle {}", "main.tf:21: resource toy_box: there is no block handle"},
		"block missing":               {"main.tf", "  lid {}\n", "", "main.tf:13: resource toy_box: lid is required"},
		"block as an argument":        {"main.tf", "lid {}", "lid = {}", "main.tf:19: resource toy_box: lid is a block, not an argument"},
		"argument of a dynamic block": {"main.tf", "size = wheel.value", "sice = wheel.value", "main.tf:24: resource toy_box/wheel: there is no argument sice"},
		"meta-argument inside":        {"main.tf", "lid {}", "lid {\n    count = 1\n  }", "main.tf:20: resource toy_box/lid: there is no argument count"},
		"undeclared variable":         {"main.tf", "var.colour", "var.color", "main.tf:17: var.color is not declared"},
		"unused variable":             {"main.tf", "= var.colour", `= "red"`, "main.tf:1: variable colour is used nowhere"},
		"unused local":                {"main.tf", "for_each = local.sizes", "for_each = {}", "main.tf:10: local sizes is used nowhere"},
		"undeclared resource":         {"main.tf", "toy_box.this[*].arn", "toy_box.that[*].arn", "main.tf:41: toy_box.that is not declared"},
		"undeclared data":             {"main.tf", "data.toy_shop.near.boxes", "data.toy_shop.far.boxes", "main.tf:16: data.toy_shop.far is not declared"},
		"unknown attribute":           {"main.tf", "toy_shop.near.boxes", "toy_shop.near.shelves", "main.tf:16: data toy_shop has no attribute shelves"},
		"attribute behind a splat":    {"main.tf", "this[*].arn", "this[*].arm", "main.tf:41: resource toy_box has no attribute arm"},
		"attribute behind an index":   {"main.tf", "this[0].arn", "this[0].arm", "main.tf:45: resource toy_box has no attribute arm"},
		"input that is not there":     {"main.tf", "  boxes  = toy", "  crates = toy", "main.tf:41: module inner has no variable crates"},
		"input missing":               {"main.tf", "  boxes  = toy_box.this[*].arn\n", "", "main.tf:39: module inner: boxes is required"},
		"output that is not there":    {"main.tf", "module.inner.out", "module.inner.outs", "main.tf:45: module.inner.outs is not declared"},
		"unused output":               {"main.tf", "[module.inner.out, ", "[", "inner/main.tf:5: output out of module inner is used nowhere"},
		"no such module":              {"main.tf", "./inner", "./outer", "main.tf:39: module inner: its folder has no *.tf files"},
		"value for no variable":       {"some.tfvars", "colour", "shade", "some.tfvars:1: some.tfvars gives a value to shade, which is no variable"},
		"not formatted":               {"inner/main.tf", "  value = var", "  value   = var", "inner/main.tf:1: is not formatted: terraform fmt"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, findings(t, tt.file, tt.from, tt.to), tt.want)
		})
	}
}

func TestTablesThatAreNotWholeAreRefused(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, table{}.read("resource toy_box name!"), "line 1 has no colon")
	require.ErrorContains(t, table{}.read("resource toy_box/lid: closed"), "line 1: resource toy_box/lid comes before what it is inside of")
	known, err := embedded()
	require.NoError(t, err)
	require.True(t, known["resource aws_rds_cluster"].inside["serverlessv2_scaling_configuration"].arguments["max_capacity"])
	require.Contains(t, known["resource aws_wafv2_web_acl"].inside["rule"].inside["statement"].inside["rate_based_statement"].arguments, "limit")
}

// declarations is a page of generated bindings, cut short.
const bindings = `
export interface BoxConfig extends cdktf.TerraformMetaArguments {
    /**
    * Docs at Terraform Registry: {@link https://registry.terraform.io/providers/toy/toy/1.0.0/docs/resources/box#name Box#name}
    */
    readonly name: string;
    /**
    * Docs at Terraform Registry: {@link https://registry.terraform.io/providers/toy/toy/1.0.0/docs/resources/box#tags Box#tags}
    */
    readonly tags?: {
        [key: string]: string;
    };
    /**
    * Docs at Terraform Registry: {@link https://registry.terraform.io/providers/toy/toy/1.0.0/docs/resources/box#for_each Box#for_each}
    */
    readonly forEachThing?: BoxThing[] | cdktf.IResolvable;
}
export interface BoxThing {
    /**
    * Docs at Terraform Registry: {@link https://registry.terraform.io/providers/toy/toy/1.0.0/docs/resources/box#statement Box#statement}
    */
    readonly statement: any;
}
export declare class Box extends cdktf.TerraformResource {
    get arnOfBox(): string;
    get nameInput(): string | undefined;
}
`

func TestTablesAreDerivedFromBindings(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "lib", "red-box"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "lib", "red-box", "index.d.ts"), []byte(bindings), 0o644))
	var out, wrong bytes.Buffer
	require.Zero(t, run([]string{"derive", folder, "resource toy_red_box"}, &out, &wrong), wrong.String())
	require.Equal(t, "resource toy_red_box: arn_of_box@ for_each{} name! tags\nresource toy_red_box/for_each: statement{*}\n", out.String())
	require.Equal(t, 1, run([]string{"derive", folder, "resource toy_blue_box"}, &out, &wrong))
	require.Contains(t, wrong.String(), "the package has no resource toy_blue_box")
}

func TestTemplatesAreRendered(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	template := file("x.tftpl", "%{ for n, s in sales ~}\n- ${n}: ${s}\n%{ endfor ~}\nall: ${join(\",\", sales)} $${kept}\n")
	values := file("x.json", `{"sales": ["a", "b"]}`)
	var out, wrong bytes.Buffer
	require.Zero(t, run([]string{"render", template, values}, &out, &wrong), wrong.String())
	require.Equal(t, "- 0: a\n- 1: b\nall: a,b ${kept}\n", out.String())
	require.Equal(t, 1, run([]string{"render", template, file("y.json", `{"other": 1}`)}, &out, &wrong))
	require.Contains(t, wrong.String(), "sales")
}

func TestUsageAndFailure(t *testing.T) {
	t.Parallel()
	var out, wrong bytes.Buffer
	require.Equal(t, 2, run(nil, &out, &wrong))
	require.Equal(t, 1, run([]string{t.TempDir()}, &out, &wrong))
	require.Contains(t, wrong.String(), "there are no *.tf files")
}
