in vec3 position, elsewhere;
uniform mat4 view_matrix, view_matrix_there;
uniform vec3 angles_there, shift_there;
out vec4 there;

void main() {
    gl_Position = view_matrix * vec4(posed(position, head_weight(position)), 1);
    float weight = head_weight(elsewhere);
    vec3 place = rotation(angles_there * weight) * (elsewhere - pivot) + pivot + shift_there * (.35 + .65 * weight);
    there = view_matrix_there * vec4(place, 1);
}
