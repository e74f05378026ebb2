in vec2 position;
out vec2 across;

void main() {
    across = position * .5 + .5;
    gl_Position = vec4(position, 0, 1);
}
