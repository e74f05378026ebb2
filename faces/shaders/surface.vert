in vec3 position, normal, canonical;
in vec4 colour;
in vec2 uv, shade;
uniform mat4 view_matrix, light_matrix;
out vec3 world, world_normal, place;
out vec4 tint, lit;
out vec2 texel, shading;

void main() {
    float weight = head_weight(position);
    world = posed(position, weight);
    world_normal = rotation(angles * weight) * normal;
    place = canonical;
    tint = colour;
    texel = uv;
    shading = shade;
    gl_Position = view_matrix * vec4(world, 1);
    lit = light_matrix * vec4(world, 1);
}
