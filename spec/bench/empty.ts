// A program that does nothing: what the start of Node itself takes.
export {};
