package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// child is another process of this program. It is asked by lines on its
// standard input, answers each with a line of JSON, and ends with its input.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// start starts a child and reads what it says first into hello.
func start(ctx context.Context, hello any, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.CommandContext(ctx, self, args...)}
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	return c, c.hear(hello)
}

func (c *child) hear(answer any) error {
	line, err := c.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("a child process has ended: %w", err)
	}
	return json.Unmarshal(line, answer)
}

// ask sends one question and reads the answer.
func (c *child) ask(question string, answer any) error {
	if _, err := fmt.Fprintln(c.in, question); err != nil {
		return err
	}
	return c.hear(answer)
}

func (c *child) end() error {
	return errors.Join(c.in.Close(), c.cmd.Wait())
}

// answer serves the parent of a child process until it closes its end.
func answer(hello any, reply func(question string) any) error {
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(hello); err != nil {
		return err
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 4<<20) // a question may hold a map
	for in.Scan() {
		if err := out.Encode(reply(in.Text())); err != nil {
			return err
		}
	}
	return in.Err()
}
