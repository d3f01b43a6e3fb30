package rehearsal

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteText writes the report for a terminal.
func (out *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("")
	for _, sentence := range out.Verdict {
		line("%s", sentence)
	}
	section(&b, "Buyers", out.Outcomes)
	section(&b, "Purchases", out.Purchases)
	section(&b, "What people did", out.Notes)
	section(&b, "Answers to programs", out.BotCalls)
	line("\nRequests")
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tnumber\tp50\tp99\tlongest\tno answer\terror\t503\t429\t")
	for _, r := range out.Routes {
		f := r.Faults
		fmt.Fprintf(table, "  %s\t%d\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t\n", r.Name, r.Requests, inTime(r.P50), inTime(r.P99), inTime(r.Max),
			f.Unanswered, f.Failed, f.Away, f.Limited)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	line("\nChecks")
	for _, c := range out.Checks {
		mark := "ok     "
		switch {
		case c.Skipped:
			mark = "skipped"
		case !c.Passed:
			mark = "BROKEN "
		}
		line("  %s %s%s", mark, c.Name, note(c.Note))
		for _, f := range c.Findings {
			line("            %s", f)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func note(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

func section(b *strings.Builder, title string, list []Count) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for _, c := range list {
		fmt.Fprintf(b, "  %7s  %s\n", thousands(c.Count), c.Name)
	}
}
