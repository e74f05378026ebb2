// How the head sits on the shoulders: shared by the drawn picture and the depth maps.
uniform vec3 angles;      // pitch, yaw, roll in radians
uniform vec3 shift;       // of the head; the shoulders follow by about a third
uniform vec3 pivot;       // where the neck turns
uniform vec2 neck;        // heights between which the body gives way to the head
uniform bool rigid;       // eyes, teeth and lashes turn wholly with the head

mat3 rotation(vec3 a) {
    vec3 s = sin(a), c = cos(a);
    return mat3(c.y, 0, -s.y, 0, 1, 0, s.y, 0, c.y)
         * mat3(1, 0, 0, 0, c.x, s.x, 0, -s.x, c.x)
         * mat3(c.z, s.z, 0, -s.z, c.z, 0, 0, 0, 1);
}

float head_weight(vec3 p) {
    return rigid ? 1. : smoothstep(neck.x, neck.y, p.y + .35 * max(p.z - .6, 0.));
}

vec3 posed(vec3 p, float weight) {
    return rotation(angles * weight) * (p - pivot) + pivot + shift * (.35 + .65 * weight);
}
