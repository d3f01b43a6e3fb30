package rehearsal

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
)

// plot draws over the seconds of a sale, as SVG. Colours come from the page, by
// class.
type plot struct {
	b        strings.Builder
	from, to float64 // seconds
	top      float64 // of the y axis
	least    float64 // of a logarithmic y axis; 0 for a linear one
	opens    float64
}

// The size of a plot and its margins, in pixels of its own.
const (
	plotWidth, plotHeight          = 560.0, 210.0
	plotLeft, plotRight            = 52.0, 12.0
	plotTop, plotBottom            = 10.0, 26.0
	plotInnerWidth, plotInnerBelow = plotWidth - plotLeft - plotRight, plotHeight - plotBottom
)

func newPlot(seconds int, opens, top float64) *plot {
	p := &plot{to: math.Max(1, float64(seconds)), top: niceTop(top), opens: opens}
	return p
}

// logarithmic makes the y axis one of orders of magnitude.
func (p *plot) logarithmic(least, top float64) *plot {
	p.least = least
	p.top = math.Pow(10, math.Ceil(math.Log10(math.Max(top, 10*least))))
	return p
}

func (p *plot) x(second float64) float64 {
	return plotLeft + plotInnerWidth*(second-p.from)/(p.to-p.from)
}

func (p *plot) y(value float64) float64 {
	share := value / p.top
	if p.least > 0 {
		share = math.Log(math.Max(value, p.least)/p.least) / math.Log(p.top/p.least)
	}
	return plotInnerBelow - (plotInnerBelow-plotTop)*math.Min(1, math.Max(0, share))
}

func at(x, y float64) string {
	return strconv.FormatFloat(x, 'f', 1, 64) + " " + strconv.FormatFloat(y, 'f', 1, 64)
}

// line draws values second by second; NaN interrupts it.
func (p *plot) line(class string, values []float64) {
	var path strings.Builder
	pen := "M"
	for i, v := range values {
		if math.IsNaN(v) {
			pen = "M"
			continue
		}
		path.WriteString(pen + at(p.x(float64(i)), p.y(v)))
		pen = "L"
	}
	fmt.Fprintf(&p.b, `<path class="line %s" d="%s"/>`, class, path.String())
}

// between fills the space from one series to another.
func (p *plot) between(class string, below, above []float64) {
	if len(above) == 0 {
		return
	}
	var path strings.Builder
	pen := "M"
	for i, v := range above {
		path.WriteString(pen + at(p.x(float64(i)), p.y(v)))
		pen = "L"
	}
	for i, v := range slices.Backward(below) {
		path.WriteString("L" + at(p.x(float64(i)), p.y(v)))
	}
	fmt.Fprintf(&p.b, `<path class="area %s" d="%sZ"/>`, class, path.String())
}

// stack fills one series upon the other.
func (p *plot) stack(classes []string, series ...[]float64) {
	below := make([]float64, len(series[0]))
	for i, values := range series {
		above := make([]float64, len(values))
		for j, v := range values {
			above[j] = below[j] + v
		}
		p.between(classes[i], below, above)
		below = above
	}
}

// bars stands the series upon one another, second by second.
func (p *plot) bars(classes []string, series ...[]float64) {
	if highest(series...) == 0 {
		fmt.Fprintf(&p.b, `<text class="none" x="%.1f" y="%.1f">none</text>`, plotLeft+plotInnerWidth/2, plotInnerBelow/2)
		return
	}
	width := math.Max(0.8, plotInnerWidth/(p.to-p.from)*0.85)
	for second := range series[0] {
		sum := 0.0
		for i, values := range series {
			if v := values[second]; v > 0 {
				upper, lower := p.y(sum+v), p.y(sum)
				fmt.Fprintf(&p.b, `<rect class="bar %s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`,
					classes[i], p.x(float64(second)), upper, width, math.Max(0.5, lower-upper))
				sum += v
			}
		}
	}
}

// svg adds axes, and what a pointer is told, and gives the drawing.
func (p *plot) svg(label string, number func(float64) string, tips []string) template.HTML {
	var out strings.Builder
	fmt.Fprintf(&out, `<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, plotWidth, plotHeight, html.EscapeString(label))
	for _, v := range p.yTicks() {
		y := p.y(v)
		fmt.Fprintf(&out, `<line class="grid" x1="%g" x2="%g" y1="%.1f" y2="%.1f"/>`, plotLeft, plotWidth-plotRight, y, y)
		fmt.Fprintf(&out, `<text class="tick y" x="%g" y="%.1f">%s</text>`, plotLeft-6, y+3.5, html.EscapeString(number(v)))
	}
	p.xAxis(&out)
	out.WriteString(p.b.String())
	if p.opens > 0 && p.opens < p.to {
		x := p.x(p.opens)
		fmt.Fprintf(&out, `<line class="opens" x1="%.1f" x2="%.1f" y1="%g" y2="%g"/>`, x, x, plotTop, plotInnerBelow)
	}
	p.tips(&out, tips)
	out.WriteString("</svg>")
	return template.HTML(out.String()) //nolint:gosec // all that is not a number was escaped
}

// mostTips keeps the page small.
const mostTips = 140

func (p *plot) tips(out *strings.Builder, tips []string) {
	step := (len(tips) + mostTips - 1) / mostTips
	for i := 0; i < len(tips); i += max(1, step) {
		x, width := p.x(float64(i)), plotInnerWidth/(p.to-p.from)*float64(max(1, step))
		fmt.Fprintf(out, `<rect class="tip" x="%.1f" y="%g" width="%.1f" height="%g"><title>%s</title></rect>`,
			x, plotTop, math.Min(width, plotWidth-plotRight-x), plotInnerBelow-plotTop, html.EscapeString(tips[i]))
	}
}

func (p *plot) yTicks() []float64 {
	var ticks []float64
	if p.least > 0 {
		for v := p.least; v <= p.top*1.001; v *= 10 {
			ticks = append(ticks, v)
		}
		return ticks
	}
	step := niceStep(p.top, 4)
	for v := 0.0; v <= p.top*1.001; v += step {
		ticks = append(ticks, v)
	}
	return ticks
}

// xAxis counts from the opening of the sale.
func (p *plot) xAxis(out *strings.Builder) {
	step := niceSeconds((p.to - p.from) / 6)
	fmt.Fprintf(out, `<line class="axis" x1="%g" x2="%g" y1="%g" y2="%g"/>`, plotLeft, plotWidth-plotRight, plotInnerBelow, plotInnerBelow)
	for second := p.opens - step*math.Floor(p.opens/step); second <= p.to; second += step {
		x := p.x(second)
		fmt.Fprintf(out, `<line class="axis" x1="%.1f" x2="%.1f" y1="%g" y2="%g"/>`, x, x, plotInnerBelow, plotInnerBelow+4)
		fmt.Fprintf(out, `<text class="tick x" x="%.1f" y="%g">%s</text>`, x, plotInnerBelow+17, sinceOpening(second-p.opens))
	}
}

// sinceOpening writes seconds as −20 s, opens, 1:30.
func sinceOpening(seconds float64) string {
	s := int(math.Round(seconds))
	switch {
	case s == 0:
		return "opens"
	case s < 0:
		return fmt.Sprintf("−%d:%02d", -s/60, -s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// niceTop is the next round number.
func niceTop(v float64) float64 {
	if v <= 4 {
		return 4
	}
	step := niceStep(v, 4)
	return step * math.Ceil(v/step)
}

// niceStep divides a range into about n steps of 1, 2 or 5 and their like.
func niceStep(v float64, n int) float64 {
	rough := v / float64(n)
	unit := math.Pow(10, math.Floor(math.Log10(rough)))
	for _, m := range []float64{1, 2, 5} {
		if rough <= m*unit {
			return m * unit
		}
	}
	return 10 * unit
}

func niceSeconds(rough float64) float64 {
	for _, s := range []float64{5, 10, 15, 30, 60, 120, 300, 600, 900, 1800} {
		if rough <= s {
			return s
		}
	}
	return 3600
}
