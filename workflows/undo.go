package workflows

import "slices"

// undoStack is what a purchase would have to undo if it failed now. An undo is
// registered before its step, so that a step of which nobody knows whether it
// happened is undone too; undoing what never was changes nothing.
type undoStack struct {
	steps []undoStep
}

type undoStep struct {
	name string
	run  func()
}

func (u *undoStack) push(name string, run func()) {
	u.steps = append(u.steps, undoStep{name, run})
}

// drop forgets the latest undo of this name: its step needs none any more.
func (u *undoStack) drop(name string) {
	for i, step := range slices.Backward(u.steps) {
		if step.name == name {
			u.steps = slices.Delete(u.steps, i, i+1)
			return
		}
	}
}

// only tells whether this is all there is to undo.
func (u *undoStack) only(name string) bool { return len(u.steps) == 1 && u.steps[0].name == name }

// unwind undoes everything, last step first.
func (u *undoStack) unwind() {
	for len(u.steps) > 0 {
		last := u.steps[len(u.steps)-1]
		u.steps = u.steps[:len(u.steps)-1]
		last.run()
	}
}
