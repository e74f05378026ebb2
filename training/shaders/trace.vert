in vec3 position, elsewhere;
uniform mat4 view_matrix;
out vec4 there;

void main() {
    gl_Position = view_matrix * vec4(posed(position, head_weight(position)), 1);
    there = view_matrix * vec4(posed(elsewhere, head_weight(elsewhere)), 1);
}
